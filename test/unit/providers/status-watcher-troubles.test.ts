import { failure, type FailureType } from '../../../src/contracts/failures';
import { assetHandle as asset, type Handle } from '../../../src/contracts/branches/handle';
import type { Observation, ObservationTrouble, WatchOptions } from '../../../src/providers/media-provider';
import { StatusWatcher } from '../../../src/providers/shared/watch/status-watcher';
import { MemoryProvider } from '../../support/memory-provider';

/** A provider where reading some targets fails, each by a request of its own. */
class Troubled {
  readonly name = 'twelvelabs';
  readonly traits = new MemoryProvider().traits;
  readonly troubles = new Map<string, FailureType>();
  readonly asked: string[] = [];

  async *watch(handles: readonly Handle[], { pace }: WatchOptions): AsyncIterable<Observation | ObservationTrouble> {
    for (const handle of handles) {
      await pace();
      const { id } = handle;
      this.asked.push(id);
      const type = this.troubles.get(id);
      if (type) yield { handles: [handle], error: failure(type, `${id}: ${type}`) };
      else yield { handle, state: id.startsWith('ready') ? 'ready' : 'working' };
    }
  }
}

const task = (id: string): Handle => ({ kind: 'task', id, words: `Task ${id}` });
const ending = (promise: Promise<Observation>) =>
  promise.then(
    ({ state }) => state,
    (error: { type?: string }) => error.type,
  );

let provider: Troubled;
const watcherOf = (changes = {}) =>
  new StatusWatcher({ provider, minIntervalMs: 1000, maxIntervalMs: 1000, requestsPerMinute: 60_000, ...changes });
beforeEach(() => {
  jest.useFakeTimers();
  provider = new Troubled();
});
afterEach(() => jest.useRealTimers());
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

test('what the provider refuses to tell ends that wait and no other', async () => {
  const watcher = watcherOf();
  provider.troubles.set('refused', 'ProviderRejected');
  const waits = [ending(watcher.until(asset('refused'))), ending(watcher.until(asset('ready')))];
  const working = ending(watcher.until(asset('working')));
  await pass(100);
  expect(await Promise.all(waits)).toEqual(['ProviderRejected', 'ready']);
  expect(watcher.waiting).toBe(1);
  watcher.handBack();
  expect(await working).toBe('WorkerStopping');
});

test('targets that cannot be read keep no other from being read, of their kind or another', async () => {
  const watcher = watcherOf();
  const broken = Array.from({ length: 5 }, (_, index) => `broken-${index}`);
  for (const id of broken) provider.troubles.set(id, 'ProviderUnavailable');
  const stuck = broken.map((id) => ending(watcher.until(asset(id))));
  const same = ending(watcher.until(asset('ready')));
  const other = ending(watcher.until(task('ready')));
  await pass(2500);
  expect(await Promise.all([same, other])).toEqual(['ready', 'ready']);
  provider.troubles.clear();
  watcher.handBack();
  await Promise.all(stuck);
});

test('an outage costs three requests a kind and round, not one for every target', async () => {
  const watcher = watcherOf();
  const ids = Array.from({ length: 100 }, (_, index) => `asset-${index}`);
  for (const id of ids) provider.troubles.set(id, 'ProviderUnavailable');
  const waits = ids.map((id) => ending(watcher.until(asset(id))));
  await pass(100);
  expect(provider.asked).toHaveLength(3);
  watcher.handBack();
  await Promise.all(waits);
});

test('used-up credit ends every wait when nothing else is answered', async () => {
  const watcher = watcherOf();
  for (const id of ['poor', 'poor as well']) provider.troubles.set(id, 'QuotaExhausted');
  const waits = [ending(watcher.until(asset('poor'))), ending(watcher.until(asset('poor as well')))];
  await pass(10_000);
  expect(await Promise.all(waits)).toEqual(['QuotaExhausted', 'QuotaExhausted']);
});

test('a key that may not read one target ends that wait, after three rounds, and no other', async () => {
  const watcher = watcherOf();
  provider.troubles.set('forbidden', 'ProviderAuth');
  const forbidden = ending(watcher.until(asset('forbidden')));
  const working = ending(watcher.until(asset('working')));
  await pass(10_000);
  expect(await forbidden).toBe('ProviderAuth');
  expect(provider.asked.filter((id) => id === 'forbidden')).toHaveLength(3);
  expect(watcher.waiting).toBe(1);
  watcher.handBack();
  expect(await working).toBe('WorkerStopping');
});

test('a round that nobody waits for any more asks nothing further and leaves no timer', async () => {
  const watcher = watcherOf({ requestsPerMinute: 1 });
  const waits = ['a', 'b', 'c'].map((id) => ending(watcher.until(asset(id))));
  await pass(100);
  expect(provider.asked).toEqual(['a']);
  watcher.handBack();
  expect(await Promise.all(waits)).toEqual(Array(3).fill('WorkerStopping'));
  await pass(0);
  expect(jest.getTimerCount()).toBe(0);
  await pass(600_000);
  expect(provider.asked).toEqual(['a']);
});

test('the end of a round that lost its waiters does not end the wait of one who joins meanwhile', async () => {
  const watcher = watcherOf({ requestsPerMinute: 60 });
  const controller = new AbortController();
  const left = ['a', 'b'].map((id) => ending(watcher.until(asset(id), { signal: controller.signal })));
  await pass(100);
  expect(provider.asked).toEqual(['a']); // the request for the other is being spaced
  controller.abort(new Error('cancelled'));
  const joined = ending(watcher.until(asset('ready')));
  await pass(3000);
  expect(await Promise.all(left)).toEqual([undefined, undefined]);
  expect(await joined).toBe('ready');
});
