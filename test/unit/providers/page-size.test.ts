import { providerAssets } from '../../../src/client/assets/provider-assets';
import { tagFields, type LedgerTag } from '../../../src/contracts/resource';
import { newestPages } from '../../../src/providers/shared/newest-pages';
import { TagSearch } from '../../../src/providers/shared/tag-search/tag-search';
import { MemoryProvider } from '../../support/memory-provider';

const tag: LedgerTag = { key: 'k', owner: 'o', workflowId: 'w', runId: 'r', onCancel: 'delete', onFailure: 'keep' };

/** A provider with seven assets and three on a page, which refuses a request for a larger page. */
const provider = new MemoryProvider({ assetsPerPage: 3 });
for (let index = 0; index < 7; index++) provider.addAsset({ id: `a${index}`, metadata: tagFields(tag) });
const client = providerAssets(async () => provider);
const search = new TagSearch({ assets: provider.assets, traits: provider.traits, narrows: true });

async function idsOf(assets: AsyncIterable<{ id: string }>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of assets) ids.push(id);
  return ids;
}

async function* eachOf(pages: AsyncIterable<{ items: readonly { id: string }[] }>) {
  for await (const { items } of pages) yield* items;
}

test.each<[string, () => Promise<string[]>]>([
  ['the client', () => idsOf(client.listAll())],
  ['a search by tag', async () => (await search.find([{ tag }])).flatMap((found) => found.map(({ id }) => id))],
  ['a sweep', () => idsOf(eachOf(newestPages(provider, {})))],
])('%s reads all assets in as few pages as the provider’s own size allows', async (_name, read) => {
  provider.calls.length = 0;
  expect(new Set(await read()).size).toBe(7);
  expect(provider.calls).toEqual(['assets.list', 'assets.list', 'assets.list']);
});

test('without a page size a list asks for no more than the provider allows', async () => {
  expect((await client.list()).items).toHaveLength(3);
});

test.each([0, 4])(
  'a page of %s assets is refused in the provider’s own numbers, before it is asked',
  async (pageSize) => {
    provider.calls.length = 0;
    const words = `pageSize: must be a whole number from 1 to 3, not ${pageSize}`;
    await expect(client.list({ pageSize })).rejects.toThrow(words);
    await expect(idsOf(client.listAll({ pageSize }))).rejects.toThrow(words);
    expect(provider.calls).toEqual([]);
  },
);
