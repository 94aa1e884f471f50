import { providerAssets } from '../../../../src/client/assets/provider-assets';
import type { CallLimits } from '../../../../src/client/call-limits';
import type { ProviderAssets } from '../../../../src/client/assets/provider-assets';
import type { Assets } from '../../../../src/providers/assets';
import type { CallOptions } from '../../../../src/providers/outcome';
import { MemoryProvider } from '../../../support/memory-provider';

let provider: MemoryProvider;
let assets: ProviderAssets;
/** Signals that reached the provider. */
let heard: AbortSignal[];
/** Whether the provider answers from now on. */
let silent: boolean;
beforeEach(() => {
  provider = new MemoryProvider({ assetsPerPage: 10 });
  for (let index = 0; index < 25; index++) provider.addAsset({ id: `a${index}` });
  heard = [];
  silent = true;
  const real = { ...provider.assets };
  const orSilent = <T>(options: CallOptions | undefined, work: () => Promise<T>): Promise<T> => {
    if (options?.signal) heard.push(options.signal);
    return silent ? new Promise<T>(() => {}) : work();
  };
  const silenced: Assets = {
    list: (query, options) => orSilent(options, () => real.list(query, options)),
    get: (id, options) => orSilent(options, () => real.get(id, options)),
    remove: (ids, options) => orSilent(options, () => real.remove(ids, options)),
    annotate: (changes, options) => orSilent(options, () => real.annotate(changes, options)),
    referrers: (id, options) => orSilent(options, () => real.referrers(id, options)),
  };
  Object.assign(provider.assets, silenced);
  assets = providerAssets(async () => provider);
});

const firstOf = async (all: AsyncIterable<unknown>): Promise<void> => {
  for await (const _asset of all) return;
};

const CALLS: [call: string, run: (limits: CallLimits) => Promise<unknown>][] = [
  ['assets.list', (limits) => assets.list({}, limits)],
  ['assets.listAll', (limits) => firstOf(assets.listAll({}, limits))],
  ['assets.get a1', (limits) => assets.get('a1', limits)],
  ['assets.references a1', (limits) => assets.references('a1', limits)],
  ['assets.delete a1', (limits) => assets.delete('a1', limits)],
  ['assets.metadata.set a1', (limits) => assets.metadata.set('a1', { a: 1 }, limits)],
  ['assets.metadata.replace a1', (limits) => assets.metadata.replace('a1', { a: 1 }, limits)],
  ['assets.metadata.clear a1', (limits) => assets.metadata.clear('a1', limits)],
];

describe.each(CALLS)('%s', (call, run) => {
  const writes = /delete|metadata/.test(call) ? '; it may have had its effect' : '';

  test('ends with its name and the time when no answer comes, and takes its request back', async () => {
    await expect(run({ timeoutMs: 20 })).rejects.toMatchObject({
      name: 'CallTimedOut',
      message: `${call}: no answer within 20 ms${writes}`,
    });
    expect(heard).toHaveLength(1);
    expect(heard[0]?.aborted).toBe(true);
  });

  test('ends when its caller aborts, with the reason, and takes its request back', async () => {
    const caller = new AbortController();
    const running = run({ signal: caller.signal });
    setImmediate(() => caller.abort(new Error('not wanted')));
    await expect(running).rejects.toMatchObject({
      name: 'AbortError',
      message: `${call}: aborted by its caller${writes}`,
      cause: new Error('not wanted'),
    });
    expect(heard.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test('sends nothing when its caller has aborted before', async () => {
    await expect(run({ signal: AbortSignal.abort() })).rejects.toThrow(`${call}: aborted before it was sent`);
    expect(heard).toEqual([]);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])('refuses %s ms', async (timeoutMs) => {
    await expect(run({ timeoutMs })).rejects.toMatchObject({
      name: 'InvalidInput',
      message: `${call}: timeoutMs: must be a whole number from 1 to 2147483647, not ${timeoutMs}`,
    });
    expect(heard).toEqual([]);
  });

  test('leaves no listener behind on the signal of its caller', async () => {
    silent = false;
    const { signal } = new AbortController();
    const listening = new Set<unknown>();
    const adding = jest.spyOn(signal, 'addEventListener');
    adding.mockImplementation((_type, listener) => void listening.add(listener));
    jest.spyOn(signal, 'removeEventListener').mockImplementation((_type, listener) => void listening.delete(listener));
    await run({ signal, timeoutMs: 60_000 });
    expect(adding).toHaveBeenCalled();
    expect(listening.size).toBe(0);
  });
});

test('a time limit of an iterator is for each of its requests, not for the whole', async () => {
  silent = false;
  const ids: string[] = [];
  for await (const { id } of assets.listAll({}, { timeoutMs: 150 })) {
    ids.push(id);
    if (ids.length % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(ids).toHaveLength(25);
});

test('an iterator ends in its middle when its caller aborts', async () => {
  silent = false;
  const caller = new AbortController();
  const ids: string[] = [];
  const walk = async (): Promise<void> => {
    for await (const { id } of assets.listAll({}, { signal: caller.signal })) {
      ids.push(id);
      if (ids.length === 10) caller.abort();
    }
  };
  await expect(walk()).rejects.toThrow('assets.listAll: aborted before it was sent');
  expect(ids).toHaveLength(10);
});

test('one limit covers both requests of a delete', async () => {
  silent = false;
  provider.assets.remove = () => new Promise(() => {});
  const before = performance.now();
  await expect(assets.delete('a1', { timeoutMs: 50 })).rejects.toThrow('no answer within 50 ms');
  expect(performance.now() - before).toBeLessThan(1000);
});
