import type { IncomingMessage, ServerResponse } from 'node:http';
import { providerAssets } from '../../../src/client/assets/provider-assets';
import { tagFields } from '../../../src/contracts/resource';
import { readPages } from '../../../src/providers/shared/read-pages';
import { createTwelveLabsProvider } from '../../../src/providers/twelvelabs/twelvelabs-provider';
import { serveOnLoopback } from '../../../src/cli/demo/loopback-server';

/** Reads until the list ends, but never more than ten pages. */
async function numbersOf(pages: readonly (readonly number[])[], totalPages?: number, past: readonly number[] = []) {
  let asked = 0;
  const read = async (page: number) => {
    if (++asked > 10) throw new Error('the list is read for ever');
    return { items: pages[page - 1] ?? past, totalPages };
  };
  const items: number[] = [];
  for await (const page of readPages(read, { idOf: (item) => item })) items.push(...page.items);
  return { items, asked };
}

test.each<[string, number[][], number | undefined, number[], { items: number[]; asked: number }]>([
  ['a short page is not the last', [[1], [2, 3], [4]], 3, [], { items: [1, 2, 3, 4], asked: 3 }],
  ['the told number of pages ends it', [[1, 2]], 1, [9], { items: [1, 2], asked: 1 }],
  ['an empty page ends it before the told number', [[1, 2]], 5, [], { items: [1, 2], asked: 2 }],
  ['an empty list is asked for once', [], 0, [], { items: [], asked: 1 }],
  ['without a number an empty page ends it', [[1, 2], [3]], undefined, [], { items: [1, 2, 3], asked: 3 }],
  ['without a number a repeated page ends it', [[1, 2], [3]], undefined, [3], { items: [1, 2, 3], asked: 3 }],
  ['a number of no pages beside items says nothing', [[1, 2], [3]], 0, [], { items: [1, 2, 3], asked: 3 }],
  ['items that move to the next page are no end', [[2, 1], [2, 1], [0]], 3, [], { items: [2, 1, 2, 1, 0], asked: 3 }],
])('%s', async (_rule, pages, total, past, expected) => {
  expect(await numbersOf(pages, total, past)).toEqual(expected);
});

describe('every list of the provider', () => {
  /** Pages of one item each, though fifty were asked for. */
  let items: Record<string, unknown>[];
  let server: Awaited<ReturnType<typeof serveOnLoopback>>;
  let provider: ReturnType<typeof createTwelveLabsProvider>;
  const tag = { key: 'k', workflowId: 'w', owner: 'o', onCancel: 'delete', runId: 'r', onFailure: 'keep' } as const;
  const metadata = { user_metadata: tagFields(tag), metadata: tagFields(tag) };

  beforeEach(async () => {
    server = await serveOnLoopback(({ url = '' }: IncomingMessage, response: ServerResponse) => {
      const page = Number(new URL(url, 'http://x').searchParams.get('page'));
      const data = items.slice(page - 1, page);
      const page_info = { page, total_page: items.length, limit_per_page: 1 };
      const body = { data, uploaded_chunks: data, status: 'active', page_info };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    provider = createTwelveLabsProvider({ apiKey: 'tlk_UNIT', baseUrl: server.url, requestTimeoutMs: 1000 });
    const common = { index: { _id: 'i' }, entity_collection_id: 'c', status: 'active', total_size: 1, ...metadata };
    items = [1, 2, 3].map((index) => ({ ...common, _id: `id-${index}`, upload_id: `u-${index}` }));
  });
  afterEach(async () => {
    await provider.close();
    await server.close();
  });

  test.each<[string, () => Promise<{ length: number }>]>([
    ['references', async () => (await provider.assets.referrers('a')).filter(({ branch }) => branch === 'index')],
    [
      'entities of an asset',
      async () => (await provider.assets.referrers('a')).filter(({ branch }) => branch === 'entity'),
    ],
    [
      'entities of a collection',
      async () =>
        (await provider.branches.entity?.tagged?.({
          kind: 'entity',
          branch: 'entity',
          in: 'c',
          name: 'n',
          assetId: 'a',
          tag,
        })) ?? [],
    ],
    ['incomplete uploads', () => provider.intake.parts.incomplete()],
    ['tagged assets', async () => (await provider.intake.find([{ tag }])).flat()],
    [
      'assets of the client',
      async () => {
        const ids: string[] = [];
        for await (const { id } of providerAssets(async () => provider).listAll({ pageSize: 50 })) ids.push(id);
        return ids;
      },
    ],
  ])('%s: goes on after a page that is shorter than asked for', async (_name, read) => {
    expect(await read()).toHaveLength(3);
  });

  test('parts of an upload: goes on after a page that is shorter than asked for', async () => {
    items = [1, 2, 3].map((index) => ({ index, status: 'completed' }));
    expect((await provider.intake.parts.state('u')).reported).toEqual(new Set([1, 2, 3]));
  });
});
