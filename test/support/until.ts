import { setTimeout as delay } from 'node:timers/promises';

/** Asks until the answer is something, and gives it. The test's own timeout bounds it. */
export async function until<T>(look: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await delay(20);
  }
}
