import type { Observation, WatchTarget } from '../../../src/providers/media-provider';
import { createStatusWatcher } from '../../../src/providers/shared/watch/status-watcher';

const provider = {
  name: 'twelvelabs' as const,
  async *observe(targets: readonly WatchTarget[]): AsyncIterable<Observation> {
    for (const target of targets) yield { target, state: 'ready' };
  },
};

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test.each(Array.from({ length: 25 }, (_, hops) => hops))(
  'a wait that begins %i microtasks after the last one ended is not forgotten',
  async (hops) => {
    const watcher = createStatusWatcher({
      provider,
      minIntervalMs: 1000,
      maxIntervalMs: 1000,
      requestsPerMinute: 6000,
    });
    const both = watcher.until({ kind: 'asset', assetId: 'first' }).then(async () => {
      for (let hop = 0; hop < hops; hop++) await Promise.resolve();
      return watcher.until({ kind: 'asset', assetId: 'second' });
    });
    await jest.advanceTimersByTimeAsync(10_000);
    expect(watcher.waiting).toBe(0);
    expect(await both).toMatchObject({ state: 'ready' });
  },
);
