import { pause } from './activity-call';
import { itemCall } from './item-call';

const LOOK_EVERY_MS = 2000;

/**
 * Looks again and again, and gives up with one last look once `until` (epoch milliseconds) has passed. In an activity over
 * many items only the last look follows the first: each of the items looks.
 */
export async function untilFound<T>(
  look: () => Promise<T | undefined>,
  { until, signal }: { until: number; signal: AbortSignal },
): Promise<T | undefined> {
  for (;;) {
    const last = Date.now() >= until;
    const found = await look();
    if (found !== undefined || last) return found;
    const leftMs = Math.max(until - Date.now(), 0);
    await pause(itemCall() ? leftMs : Math.min(LOOK_EVERY_MS, leftMs), signal);
  }
}
