import { assetHandle, type Handle } from '../../../src/contracts/branches/handle';
import type { Observation } from '../../../src/providers/media-provider';
import { StatusWatcher } from '../../../src/providers/shared/watch/status-watcher';
import { MemoryProvider } from '../../support/memory-provider';

const provider = {
  name: 'twelvelabs',
  traits: new MemoryProvider().traits,
  async *watch(handles: readonly Handle[]): AsyncIterable<Observation> {
    for (const handle of handles) yield { handle, state: 'ready' };
  },
};

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test.each(Array.from({ length: 25 }, (_, hops) => hops))(
  'a wait that begins %i microtasks after the last one ended is not forgotten',
  async (hops) => {
    const watcher = new StatusWatcher({
      provider,
      minIntervalMs: 1000,
      maxIntervalMs: 1000,
      requestsPerMinute: 6000,
    });
    const both = watcher.until(assetHandle('first')).then(async () => {
      for (let hop = 0; hop < hops; hop++) await Promise.resolve();
      return watcher.until(assetHandle('second'));
    });
    await jest.advanceTimersByTimeAsync(10_000);
    expect(watcher.waiting).toBe(0);
    expect(await both).toMatchObject({ state: 'ready' });
  },
);
