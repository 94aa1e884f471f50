import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { providerAssets } from '../../../../src/client/assets/provider-assets';
import { snapshotOf, type AssetPage, type AssetQuery, type ProviderAsset } from '../../../../src/providers/assets';
import { followPages } from '../../../../src/providers/shared/read-pages';
import { MemoryProvider } from '../../../support/memory-provider';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A provider whose pages have tokens, no numbers and no totals, and which makes its assets as they are asked for. */
function tokenProvider(count: number): { provider: MemoryProvider; queries: AssetQuery[] } {
  const provider = new MemoryProvider();
  const queries: AssetQuery[] = [];
  provider.assets.list = async (query): Promise<AssetPage> => {
    queries.push(query);
    const { from = 'token-0', pageSize = 10 } = query;
    const start = Number(from.slice('token-'.length));
    const end = Math.min(start + pageSize, count);
    const items: ProviderAsset[] = [];
    for (let at = start; at < end; at++) items.push({ id: `a${at}`, status: 'ready', metadata: {} });
    return { items, next: end < count ? `token-${end}` : undefined };
  };
  return { provider, queries };
}

jest.setTimeout(60_000); // thousands of assets, also on a loaded machine

test('all of 10,000 assets are read in 200 requests, and no more than three pages of them are held', async () => {
  const { provider, queries } = tokenProvider(10_000);
  const refs: WeakRef<ProviderAsset>[] = [];
  let most = 0;
  for await (const asset of providerAssets(async () => provider).listAll()) {
    refs.push(new WeakRef(asset));
    if (refs.length % 1000 !== 0) continue;
    await new Promise(setImmediate); // a reference that was made in this turn holds its target
    collectGarbage();
    most = Math.max(most, refs.filter((ref) => ref.deref() !== undefined).length);
  }
  expect(refs).toHaveLength(10_000);
  expect(queries).toHaveLength(200);
  expect(most).toBeLessThanOrEqual(150);
});

test('a list goes on from where an earlier page ends, with the same query', async () => {
  const { provider, queries } = tokenProvider(30);
  const assets = providerAssets(async () => provider);
  const { next } = await assets.list({ pageSize: 7, filename: 'a' });
  const ids: string[] = [];
  for await (const { id } of assets.listAll({ pageSize: 7, filename: 'a', from: next })) ids.push(id);
  expect(ids).toEqual([...Array(23).keys()].map((at) => `a${at + 7}`));
  expect(queries.map(({ from, pageSize, filename }) => [from, pageSize, filename])).toEqual([
    [undefined, 7, 'a'],
    ['token-7', 7, 'a'],
    ['token-14', 7, 'a'],
    ['token-21', 7, 'a'],
    ['token-28', 7, 'a'],
  ]);
});

test('a list that names its own page as the next one ends', async () => {
  let asked = 0;
  const read = async () => ({ items: [{ id: `a${++asked}` }], next: 'same' });
  const pages: unknown[] = [];
  for await (const page of followPages(read, { idOf: ({ id }) => id })) pages.push(page);
  expect(pages).toHaveLength(2);
});

test('an empty page in the middle is no end', async () => {
  const pages = [[1], [], [2]];
  const read = async (from = '0') => {
    const next = Number(from) + 1 < pages.length ? String(Number(from) + 1) : undefined;
    return { items: pages[Number(from)] ?? [], next };
  };
  const items: number[] = [];
  for await (const page of followPages(read, { idOf: (item) => item })) items.push(...page.items);
  expect(items).toEqual([1, 2]);
});

describe('an order', () => {
  const sorted = new MemoryProvider({ assetOrders: ['filename', 'size'] });
  const plain = new MemoryProvider();

  test('goes to a provider that has it', async () => {
    const list = jest.spyOn(sorted.assets, 'list');
    await providerAssets(async () => sorted).list({ sort: { by: 'size', order: 'desc' } });
    expect(list.mock.calls[0]?.[0]).toMatchObject({ sort: { by: 'size', order: 'desc' } });
  });

  test.each([
    [sorted, 'sort: "colour" is no order of this provider: filename, size'],
    [plain, 'sort: "colour" is no order of this provider: this provider lists newest first only'],
  ])('that the provider does not have is refused before it is asked', async (provider, words) => {
    provider.calls.length = 0;
    await expect(providerAssets(async () => provider).list({ sort: { by: 'colour' } })).rejects.toThrow(words);
    expect(provider.calls).toEqual([]);
  });
});

test('a page and a place to go on from are refused together', async () => {
  const assets = providerAssets(async () => new MemoryProvider());
  await expect(assets.list({ page: 2, from: '2' })).rejects.toThrow('page, from: give one of the two');
});

test('references name what refers to an asset; of an asset that is gone there are none to show', async () => {
  const provider = new MemoryProvider();
  const assets = providerAssets(async () => provider);
  const { id } = provider.addAsset({ id: 'a' });
  expect(await assets.references(id)).toEqual([]);
  provider.entities.set('e', { name: 'Ada', metadata: {}, assetIds: [id] });
  provider.references.set(id, [{ indexId: 'films', indexedAssetId: 'ix' }]);
  expect(await assets.references(id)).toMatchObject([
    { kind: 'entity', id: 'e', name: 'Ada', parent: { kind: 'collection', id: 'c' }, blocksDeletion: false },
    { kind: 'indexed asset', id: 'ix', parent: { kind: 'index', id: 'films' }, blocksDeletion: true },
  ]);
  await expect(assets.references('gone')).rejects.toMatchObject({ type: 'ResourceGone' });
});

test('what goes into a history has no URL, no metadata and no message, whatever fields an asset gets', () => {
  const secret = 'https://x/y?signature=0123456789abcdef';
  const asset = {
    ...{ id: 'a', status: 'waiting' as const, filename: 'f.mp4', sizeBytes: 1, metadata: { url: secret } },
    ...{ url: secret, urlExpiresAt: secret, errorMessage: secret, method: secret, source: { link: secret } },
    ...{ stream: { manifestUrl: secret }, thumbnail: { url: secret }, technicalMetadata: { secret } },
    ...{ hash: { algorithm: secret, contents: secret }, ofAnotherRelease: secret },
  };
  const snapshot = snapshotOf(asset);
  expect(snapshot).toMatchObject({ id: 'a', status: 'processing', filename: 'f.mp4', sizeBytes: 1 });
  expect(JSON.stringify(snapshot)).not.toContain('signature');
});
