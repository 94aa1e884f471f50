import type { IncomingMessage, ServerResponse } from 'node:http';
import { tagFields, type LedgerTag } from '../../../src/contracts/resource';
import type { ItemFacts, Submission } from '../../../src/providers/intake';
import { createTwelveLabsProvider } from '../../../src/providers/twelvelabs/twelvelabs-provider';
import { serveOnLoopback } from '../../../src/cli/demo/loopback-server';
import { bodyOf } from '../../support/servers/http-server';

let answer: (url: URL, body: string) => [number, unknown];
let asked: string[];
let server: Awaited<ReturnType<typeof serveOnLoopback>>;
let provider: ReturnType<typeof createTwelveLabsProvider>;

beforeEach(async () => {
  asked = [];
  server = await serveOnLoopback((request: IncomingMessage, response: ServerResponse) => {
    void bodyOf(request).then((bytes) => {
      const url = new URL(request.url ?? '', 'http://x');
      asked.push(`${request.method} ${url.pathname}${url.search}`);
      const [status, body] = answer(url, bytes.toString());
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  provider = createTwelveLabsProvider({ apiKey: 'tlk_UNIT', baseUrl: server.url, requestTimeoutMs: 1000 });
});
afterEach(async () => {
  await provider.close();
  await server.close();
});

const TAG: LedgerTag = {
  ...{ key: 'k', workflowId: 'w', runId: 'r', owner: 'o' },
  ...{ onCancel: 'delete', onFailure: 'keep' },
};
const MEBIBYTE = 1024 ** 2;

const byUrl = (filename: string): Submission => ({
  ...{ filename, metadata: {}, fields: { enableHls: true, enableThumbnail: false }, tag: TAG },
  content: { route: 'url', url: `https://media.example/${filename}` },
});

test('one refused item of many leaves the others submitted, each with its own outcome', async () => {
  answer = (_url, body) =>
    body.includes('bad.mp4') ? [400, { code: 'url_unreachable', message: 'no' }] : [201, { _id: 'made' }];
  const outcomes = await provider.intake.submit(['a.mp4', 'bad.mp4', 'c.mp4'].map(byUrl));
  expect(outcomes).toMatchObject([
    { ok: true, value: { asset: { id: 'made' } } },
    { ok: false, error: { type: 'ProviderRejected' } },
    { ok: true, value: { asset: { id: 'made' } } },
  ]);
  expect(asked).toEqual(['POST /assets', 'POST /assets', 'POST /assets']);
});

test('an item that goes in parts opens a session, whose asset has the tag from the start', async () => {
  let sent: unknown;
  answer = (_url, body) => {
    sent = JSON.parse(body);
    return [201, { upload_id: 's1', asset_id: 'a1', chunk_size: 10, upload_headers: { 'x-h': '1' } }];
  };
  const bytes = { filename: 'a.mp4', sizeBytes: 25, fingerprint: 'f', content: 'c', read: () => failing() };
  const [opened] = await provider.intake.submit([{ ...byUrl('a.mp4'), content: { route: 'parts', bytes } }]);
  expect(opened).toMatchObject({
    ok: true,
    value: { upload: { sessionId: 's1', assetId: 'a1', partBytes: 10, totalParts: 3, headers: { 'x-h': '1' } } },
  });
  expect(asked).toEqual(['POST /assets/multipart-uploads']);
  expect(sent).toEqual({
    ...{ filename: 'a.mp4', type: 'video', total_size: 25, enable_hls: true, enable_thumbnail: false },
    user_metadata: tagFields(TAG),
  });
});

const failing = (): never => {
  throw new Error('nothing is read');
};

type Case = [what: string, item: Partial<ItemFacts>, route: string];
const NO_URL = 'no URL can name it';
const over = (mebibytes: number): number => mebibytes * MEBIBYTE + 1;
const routeOf = (item: Partial<ItemFacts>): string =>
  provider.intake.route({ filename: 'a.mp4', source: 'file', method: 'auto', field: 'source.path', ...item });

test.each<Case>([
  ['a URL, of whatever size', { source: 'url', sizeBytes: over(9000) }, 'url'],
  ['a small file', { sizeBytes: 200 * MEBIBYTE }, 'whole'],
  ['a large film', { sizeBytes: over(200) }, 'parts'],
  ['a small file that is to go in parts', { sizeBytes: 1, method: 'multipart' }, 'parts'],
  ['an object', { source: 'object', sizeBytes: 4096 * MEBIBYTE }, 'url'],
  ['an object that is too large to be fetched', { source: 'object', sizeBytes: over(4096) }, 'parts'],
  ['an object that no URL names', { source: 'object', sizeBytes: 1, noUrlBecause: NO_URL }, 'parts'],
])('%s goes up by the way of its kind', (_what, item, route) => {
  expect(routeOf(item)).toBe(route);
});

test.each<[what: string, item: Partial<ItemFacts>, type: string, message: string]>([
  [
    'a large film that is to go in one piece',
    { sizeBytes: over(200), method: 'direct' },
    'PayloadTooLarge',
    'source.path: a.mp4 has 209715201 bytes; the limit for a file uploaded directly is 200 MB',
  ],
  ['a film above all limits', { sizeBytes: over(10240) }, 'PayloadTooLarge', 'video uploaded in parts is 10 GB'],
  ['a large image', { filename: 'a.png', sizeBytes: over(32) }, 'PayloadTooLarge', 'the limit for an image is 32 MB'],
  ['a large document', { filename: 'a.pdf', sizeBytes: over(200) }, 'PayloadTooLarge', 'uploaded directly is 200 MB'],
  [
    'a document in parts',
    { filename: 'a.pdf', sizeBytes: 1, method: 'multipart' },
    'PayloadTooLarge',
    'only video, audio and images in parts',
  ],
  [
    'an object that no URL names and that is to go in one piece',
    { source: 'object', field: 'source.key', sizeBytes: 1, method: 'direct', noUrlBecause: NO_URL },
    'InvalidRequest',
    `source.key: a.mp4: ${NO_URL}`,
  ],
  [
    'a document that no URL names',
    { source: 'object', field: 'source.key', filename: 'a.pdf', sizeBytes: 1, noUrlBecause: NO_URL },
    'InvalidRequest',
    `source.key: a.pdf: ${NO_URL}`,
  ],
])('%s is refused before anything is sent', (_what, item, type, message) => {
  expect(() => routeOf(item)).toThrow(expect.objectContaining({ type, message: expect.stringContaining(message) }));
  expect(asked).toEqual([]);
});

const page = (data: unknown[], pages: number): [number, unknown] => [200, { data, page_info: { total_page: pages } }];
const made = (_id: string, key: string, createdAt: string) => ({
  ...{ _id, created_at: createdAt },
  user_metadata: tagFields({ ...TAG, key }),
});

test('owners that share no filename are found by one walk, oldest first', async () => {
  answer = (url) =>
    url.searchParams.get('page') === '1'
      ? page([made('a3', 'k', '2026-01-03T00:00:00Z'), made('b1', 'other', '2026-01-02T12:00:00Z')], 2)
      : page([made('a2', 'k', '2026-01-02T00:00:00Z')], 2);
  const since = '2026-01-02T00:00:00Z';
  const tags = ['k', 'other', 'nobody'].map((key) => ({ tag: { ...TAG, key }, since }));
  const found = await provider.intake.find(tags);
  expect(found.map((assets) => assets.map(({ id }) => id))).toEqual([['a2', 'a3'], ['b1'], []]);
  expect(asked).toEqual(['GET /assets?page=1&page_limit=50', 'GET /assets?page=2&page_limit=50']);
});

test('a search ends at the first page that is older than its bound, and after four pages without one', async () => {
  answer = () => page([made('old', 'other', '2026-01-01T00:00:00Z')], 9);
  await provider.intake.find([{ tag: TAG, filename: 'a & b.mp4', since: '2026-01-01T00:05:01Z' }]);
  expect(asked).toEqual(['GET /assets?page=1&page_limit=50&filename=a+%26+b.mp4']);
  asked = [];
  await provider.intake.find([{ tag: TAG }]);
  expect(asked).toHaveLength(4);
});

test('index entries of the lifecycle come before those of others, and one that is gone is passed over', async () => {
  const mine = { user_metadata: tagFields(TAG) };
  answer = (url) => {
    if (url.pathname === '/assets/a/indexed-assets') {
      return page([...['x', 'gone', 'mine'].map((_id) => ({ _id, index: { _id: 'i' } })), elsewhere], 1);
    }
    if (url.pathname.endsWith('/gone')) return [404, { code: 'resource_not_exist', message: 'unknown' }];
    return [200, { _id: 'e', ...(url.pathname.endsWith('/mine') ? mine : {}) }];
  };
  const branch = { type: 'index', indexId: 'i', enableVideoStream: false };
  const found = await provider.branches.index?.find?.({ branch, assetId: 'a', tag: TAG });
  expect(found?.map(({ id, adopted = false }) => [id, adopted])).toEqual([
    ['mine', false],
    ['x', true],
  ]);
  expect(asked).not.toContain('GET /indexes/other/indexed-assets/y');
});

const elsewhere = { _id: 'y', index: { _id: 'other' } };
