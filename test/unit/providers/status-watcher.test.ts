import { failure } from '../../../src/contracts/failures';
import { assetHandle, type Handle } from '../../../src/contracts/branches/handle';
import type { Observation, WatchOptions } from '../../../src/providers/media-provider';
import { StatusWatcher } from '../../../src/providers/shared/watch/status-watcher';
import { MemoryProvider } from '../../support/memory-provider';

/** A provider whose objects are ready when the test says so; counts rounds and requests. */
class Objects {
  readonly name = 'twelvelabs';
  readonly traits = { ...new MemoryProvider().traits, handlesPerWatch: 50 };
  readonly ready = new Set<string>();
  rounds = 0;
  requests = 0;
  trouble: unknown[] = [];

  async *watch(handles: readonly Handle[], { pace }: WatchOptions): AsyncIterable<Observation> {
    this.rounds += 1;
    for (let from = 0; from < handles.length; from += 50) {
      await pace();
      this.requests += 1;
      const trouble = this.trouble.shift();
      if (trouble) throw trouble;
      for (const handle of handles.slice(from, from + 50)) {
        yield { handle, state: this.ready.has(handle.id) ? 'ready' : 'working' };
      }
    }
  }
}

const asset = assetHandle;
const watcherOf = (provider: Objects, changes = {}) =>
  new StatusWatcher({ provider, minIntervalMs: 1000, maxIntervalMs: 10_000, requestsPerMinute: 6000, ...changes });

let provider: Objects;
beforeEach(() => {
  jest.useFakeTimers({ advanceTimers: false });
  provider = new Objects();
});
afterEach(() => jest.useRealTimers());

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

test('a thousand waits cost 20 requests a round', async () => {
  const watcher = watcherOf(provider, { minIntervalMs: 5000, maxIntervalMs: 5000 });
  const waits = Array.from({ length: 1000 }, (_, index) => watcher.until(asset(`a${index}`)));
  await pass(1000);
  const first = { rounds: provider.rounds, requests: provider.requests };
  await pass(20_000);
  expect((provider.requests - first.requests) / (provider.rounds - first.rounds)).toBe(20);
  expect(provider.rounds - first.rounds).toBe(4);
  for (let index = 0; index < 1000; index++) provider.ready.add(`a${index}`);
  await pass(6000);
  expect((await Promise.all(waits)).every(({ state }) => state === 'ready')).toBe(true);
  expect(watcher.waiting).toBe(0);
});

test('wakes every waiter of a target in the round after it is ready, and then rests', async () => {
  const watcher = watcherOf(provider);
  const both = Promise.all([watcher.until(asset('a')), watcher.until(asset('a'))]);
  await pass(100);
  provider.ready.add('a');
  await pass(1000);
  expect(await both).toMatchObject([{ state: 'ready' }, { state: 'ready' }]);
  const { rounds } = provider;
  await pass(60_000);
  expect(provider.rounds).toBe(rounds);
  expect(jest.getTimerCount()).toBe(0);
});

test('asks less often as a wait grows old, and soon again for a new one', async () => {
  const watcher = watcherOf(provider);
  const old = watcher.until(asset('old'));
  await pass(600_000);
  const before = provider.rounds;
  await pass(60_000);
  expect(provider.rounds - before).toBeLessThanOrEqual(7);
  const young = watcher.until(asset('young'));
  provider.ready.add('young').add('old');
  await pass(1000);
  await Promise.all([old, young]);
});

test('stays below its budget of requests', async () => {
  const watcher = watcherOf(provider, { requestsPerMinute: 60 });
  const waits = Array.from({ length: 500 }, (_, index) => errorOf(watcher.until(asset(`a${index}`))));
  await pass(60_000);
  expect(provider.requests).toBeLessThanOrEqual(61);
  watcher.handBack();
  await Promise.all(waits);
});

test('waits out a rate limit as long as it was told, and an outage with ever longer pauses', async () => {
  const watcher = watcherOf(provider);
  provider.ready.add('a');
  provider.trouble = [failure('RateLimited', 'slow down', { retryAfter: 30_000 })];
  const limited = watcher.until(asset('a'));
  await pass(29_000);
  expect(provider.requests).toBe(1);
  await pass(2000);
  expect((await limited).state).toBe('ready');

  provider.trouble = Array.from({ length: 20 }, () => failure('ProviderUnavailable', '503'));
  const before = provider.requests;
  const outage = watcher.until(asset('a'));
  await pass(300_000);
  expect(provider.requests - before).toBeLessThanOrEqual(21);
  await pass(300_000);
  expect((await outage).state).toBe('ready');
});

test('a refused key ends every wait once three rounds in a row have said so', async () => {
  const watcher = watcherOf(provider);
  provider.trouble = Array.from({ length: 3 }, () => failure('ProviderAuth', 'the key was refused'));
  const waits = [errorOf(watcher.until(asset('a'))), errorOf(watcher.until(asset('b')))];
  await pass(10_000);
  expect(provider.requests).toBe(3);
  expect(await Promise.all(waits)).toMatchObject([{ type: 'ProviderAuth' }, { type: 'ProviderAuth' }]);
});

test('two refusals of the key that no third confirms end no wait, however often they come', async () => {
  const watcher = watcherOf(provider);
  const refused = () => failure('ProviderAuth', 'the key was refused');
  provider.trouble = [refused(), refused(), undefined, refused(), refused(), undefined];
  const waits = Array.from({ length: 3 }, (_, index) => watcher.until(asset(`a${index}`)));
  await pass(60_000);
  expect(provider.trouble).toEqual([]);
  for (let index = 0; index < 3; index++) provider.ready.add(`a${index}`);
  await pass(10_000);
  expect((await Promise.all(waits)).map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']);
});

test('a limit that is told to last for a day is asked about again after ten minutes', async () => {
  const watcher = watcherOf(provider);
  provider.ready.add('a');
  provider.trouble = [failure('RateLimited', 'slow down', { retryAfter: 86_400_000 })];
  const limited = watcher.until(asset('a'));
  await pass(11 * 60_000);
  expect((await limited).state).toBe('ready');
});

test('hands every wait back at once, and takes no new one', async () => {
  const watcher = watcherOf(provider);
  const wait = errorOf(watcher.until(asset('a')));
  await pass(100);
  watcher.handBack();
  expect(await wait).toMatchObject({ type: 'WorkerStopping', nonRetryable: false });
  expect(await errorOf(watcher.until(asset('b')))).toMatchObject({ type: 'WorkerStopping' });
  await pass(0);
  expect(jest.getTimerCount()).toBe(0);
});

test('an aborted wait leaves at once', async () => {
  const watcher = watcherOf(provider);
  const controller = new AbortController();
  const wait = errorOf(watcher.until(asset('a'), { signal: controller.signal }));
  await pass(100);
  controller.abort(new Error('cancelled'));
  expect(await wait).toMatchObject({ message: 'cancelled' });
  expect(watcher.waiting).toBe(0);
});
