import { pause } from './activity-call';
import { itemCall } from './item-call';

const LOOK_EVERY_MS = 2000;
/** Looks that share their requests come at the same moments for all items of a worker. */
const LOOK_TOGETHER_EVERY_MS = 5000;

/**
 * Looks again and again, and gives up with one last look once `until` (epoch milliseconds) has passed. In an activity over
 * many items, each of which looks, only the last look follows the first, unless their looks share their requests.
 * @param together those who look at the same moment share their requests.
 */
export async function untilFound<T>(
  look: () => Promise<T | undefined>,
  { until, signal, together = false }: { until: number; signal: AbortSignal; together?: boolean },
): Promise<T | undefined> {
  for (;;) {
    const last = Date.now() >= until;
    const found = await look();
    if (found !== undefined || last) return found;
    const leftMs = Math.max(until - Date.now(), 0);
    await pause(Math.min(nextLookMs(together), leftMs), signal);
  }
}

function nextLookMs(together: boolean): number {
  if (!itemCall()) return LOOK_EVERY_MS;
  return together ? LOOK_TOGETHER_EVERY_MS - (Date.now() % LOOK_TOGETHER_EVERY_MS) : Number.POSITIVE_INFINITY;
}
