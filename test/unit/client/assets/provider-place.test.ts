import { Client } from '@temporalio/client';
import { providerPlace, withinPlace } from '../../../../src/client/assets/provider-place';
import { LifecycleClient } from '../../../../src/client/lifecycle-client';
import type { Ingestions } from '../../../../src/providers/ingestions';
import type { MediaProvider } from '../../../../src/providers/media-provider';
import { CallAborted, CallTimedOut } from '../../../../src/temporal/errors';
import { MemoryProvider } from '../../../support/memory-provider';

const plain = () => {
  const provider = new MemoryProvider();
  return { provider, place: providerPlace(async () => provider) };
};

test.each([
  [{ filter: 'a == 1' }, 'filter: this provider has no query language for its lists'],
  [{ metadataQuery: 'a == 1' }, 'metadataQuery: this provider cannot be asked for metadata'],
  [{ contents: true }, 'contents: this provider makes no URLs on request'],
])('what a provider’s lists cannot do is refused before it is asked: %j', async (query, words) => {
  const { provider, place } = plain();
  await expect(place.assets.list(query)).rejects.toThrow(words);
  await expect(place.assets.listAll(query)[Symbol.asyncIterator]().next()).rejects.toThrow(words);
  expect(provider.calls).toEqual([]);
});

test('places, sessions and deletion by a query are refused in words where the provider has none', async () => {
  const { provider, place } = plain();
  expect(() => withinPlace(provider, 'demo')).toThrow('within: twelvelabs has no places');
  await expect(place.sessions.list()).rejects.toThrow('sessions: twelvelabs has none that could be listed');
  await expect(place.assets.deleteMatching({ filter: 'a' })).rejects.toThrow('deletes assets by their ids only');
});

test('a count is the provider’s own, else that of a list; where neither tells, it is refused', async () => {
  const { provider, place } = plain();
  const list = jest.spyOn(provider.assets, 'list').mockResolvedValue({ items: [], next: undefined, totalItems: 7 });
  expect(await place.assets.count({ filename: 'a' })).toBe(7);
  expect(list.mock.calls[0]?.[0]).toMatchObject({ filename: 'a', pageSize: 1 });
  list.mockResolvedValue({ items: [], next: undefined });
  await expect(place.assets.count()).rejects.toThrow('count: this provider does not tell');
  provider.assets.count = async () => 9;
  expect(await place.assets.count()).toBe(9);
});

test('limits end calls about sessions', async () => {
  const provider = new MemoryProvider();
  const never = (): Promise<never> => new Promise(() => {});
  const ingestions = { get: never, wait: never, list: never } as Partial<Ingestions> as Ingestions;
  const { sessions } = providerPlace(async () => Object.assign(provider, { ingestions }));
  await expect(sessions.get('s1', { timeoutMs: 10 })).rejects.toThrow(CallTimedOut);
  await expect(sessions.wait('s1', { timeoutMs: 10 })).rejects.toThrow('sessions.wait s1: no answer within 10 ms');
  const stop = new AbortController();
  const listing = sessions.list({}, { signal: stop.signal });
  stop.abort();
  await expect(listing).rejects.toThrow(CallAborted);
});

test('the client opens its account once, and gives what is within a place of it', async () => {
  const inner = new MemoryProvider();
  const asked: string[] = [];
  const account: MediaProvider = Object.assign(new MemoryProvider(), {
    within: (place: string) => {
      asked.push(place);
      return inner;
    },
  });
  const opened: string[] = [];
  const client = await LifecycleClient.connect({
    temporal: { client: new Client(), address: 'nowhere', namespace: 'default' },
    openAccount: async (provider) => {
      opened.push(provider);
      return account;
    },
  });
  await client.within('demo').assets.list();
  await client.assets.list();
  await client.within('other').assets.list();
  expect([opened, asked, inner.calls]).toEqual([['twelvelabs'], ['demo', 'other'], ['assets.list', 'assets.list']]);
  await client.close();
});
