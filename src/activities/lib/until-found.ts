import { pause } from './activity-call';

const LOOK_EVERY_MS = 2000;

/** Looks again and again; gives up with one last look once `until` (epoch milliseconds) has passed. */
export async function untilFound<T>(
  look: () => Promise<T | undefined>,
  { until, signal }: { until: number; signal: AbortSignal },
): Promise<T | undefined> {
  for (;;) {
    const last = Date.now() >= until;
    const found = await look();
    if (found !== undefined || last) return found;
    await pause(Math.min(LOOK_EVERY_MS, Math.max(until - Date.now(), 0)), signal);
  }
}
