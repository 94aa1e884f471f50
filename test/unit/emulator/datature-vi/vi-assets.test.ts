import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  ORGANIZATION,
  SECRET_KEY,
  SESSIONS,
  ViApi,
  type AssetBody,
  type PageBody,
} from '../../../support/servers/vi-emulator';

const sample = (name: string): string => path.resolve(__dirname, '../../../../samples', name);

let api: ViApi;
let png: Buffer;
beforeAll(async () => {
  png = await readFile(sample('portrait-2.png'));
  api = await ViApi.start();
});
afterAll(() => api.close());
beforeEach(() => api.control.reset());

/** PNGs that differ in size: a reader stops at IEND. */
const pngOf = (extraBytes: number): Buffer => Buffer.concat([png, Buffer.alloc(extraBytes)]);

/** All pages from that token on. */
async function walk(query: string, from: string | null = null): Promise<AssetBody[]> {
  const found: AssetBody[] = [];
  for (let token = from; ;) {
    const at = token === null ? '' : `&p=${encodeURIComponent(token)}`;
    const { body } = await api.call<PageBody<AssetBody>>('GET', `/assets?${query}${at}`);
    found.push(...body.items);
    token = body.nextPage;
    if (token === null) return found;
  }
}

const namesOf = (assets: AssetBody[]): string[] => assets.map(({ filename }) => filename);

describe('a list', () => {
  beforeEach(async () => {
    for (const [name, extra] of Object.entries({ c: 3, a: 1, e: 5, b: 2, d: 4, again: 6 })) {
      await api.upload({ [name === 'again' ? 'a.png' : `${name}.png`]: pngOf(extra) });
      await api.control.advanceClock(1000);
    }
  });

  test.each([
    ['', ['c.png', 'a.png', 'e.png', 'b.png', 'd.png']],
    ['&sortBy=filename', ['a.png', 'b.png', 'c.png', 'd.png', 'e.png']],
    ['&sortBy=filename&o=d', ['e.png', 'd.png', 'c.png', 'b.png', 'a.png']],
    ['&sortBy=metadata.fileSize&o=asc', ['b.png', 'c.png', 'd.png', 'e.png', 'a.png']],
    ['&sortBy=lastModified.contents&o=desc', ['a.png', 'd.png', 'b.png', 'e.png', 'c.png']],
  ])('with %j comes in that order, whole, in pages of any size', async (query, names) => {
    for (const size of [1, 2, 5, 1000]) expect(namesOf(await walk(`s=${size}${query}`))).toEqual(names);
  });

  test('by id goes both ways, and back by the previous page', async () => {
    const ids = (await walk('s=1000&sortBy=assetId&o=asc')).map(({ assetId }) => assetId);
    expect(ids).toEqual(ids.toSorted());
    const first = await api.call<PageBody<AssetBody>>('GET', '/assets?s=2&sortBy=assetId');
    expect(first.body.prevPage).toBeNull();
    const second = await api.call<PageBody<AssetBody>>(
      'GET',
      `/assets?s=2&sortBy=assetId&p=${encodeURIComponent(first.body.nextPage ?? '')}`,
    );
    const back = await api.call<PageBody<AssetBody>>(
      'GET',
      `/assets?s=2&sortBy=assetId&p=${encodeURIComponent(second.body.prevPage ?? '')}`,
    );
    expect(back.body.items.map(({ assetId }) => assetId)).toEqual(ids.slice(0, 2));
  });

  test('skips nothing and repeats nothing when assets are deleted while it is walked', async () => {
    const first = await api.call<PageBody<AssetBody>>('GET', '/assets?s=2&sortBy=filename');
    for (const { assetId } of first.body.items) await api.call('DELETE', `/assets/${assetId}`);
    const rest = await walk('s=2&sortBy=filename', first.body.nextPage);
    expect(namesOf(rest)).toEqual(['c.png', 'd.png', 'e.png']);
  });

  test.each([
    ['filter=filename == "b.png"', ['b.png']],
    ["filter=filename >= 'd.png' or filename == 'a.png'", ['a.png', 'd.png', 'e.png']],
    [`filter=metadata.fileSize > 0 && (filename == "b.png" || filename == "c.png")`, ['b.png', 'c.png']],
    ['filter=filename == "b.png" and kind == "Video"', []],
  ])('finds by %s', async (query, names) => {
    const [name, value = ''] = query.split(/=(.*)/s);
    const found = await walk(`s=10&sortBy=filename&${name}=${encodeURIComponent(value)}`);
    expect(namesOf(found)).toEqual(names);
    const { body } = await api.call<{ count: number }>('GET', `/assets:count?${name}=${encodeURIComponent(value)}`);
    expect(body).toEqual({ count: names.length });
  });

  test.each([
    's=0',
    's=1001',
    's=two',
    'sortBy=size',
    'o=up',
    'contents=true',
    'p=nonsense',
    'filter=%7B%27a%27%3A+1%7D',
    'filter=filename+%3D+%22a%22',
    'metadataQuery=a+%3D%3D',
    'ruleQuery=x',
    's=1&s=2',
  ])('refuses %s', async (query) => {
    const { status, body } = await api.call('GET', `/assets?${query}`);
    expect(status).toBe(400);
    expect(body.message).toMatch(/parameter|ruleQuery/);
  });

  test('refuses a token of another order', async () => {
    const { body } = await api.call<PageBody<AssetBody>>('GET', '/assets?s=1&sortBy=filename');
    const token = encodeURIComponent(body.nextPage ?? '');
    expect((await api.call('GET', `/assets?s=1&sortBy=filename&o=desc&p=${token}`)).status).toBe(400);
  });
});

test('custom metadata is found by its query', async () => {
  await api.upload({ 'a.png': png }, {}, { customMetadata: { custom_field: 'value', take: 2 } });
  await api.upload({ 'b.png': png }, {}, { customMetadata: { custom_field: 'other', take: 3 } });
  const find = (query: string) => walk(`s=10&metadataQuery=${encodeURIComponent(query)}`);
  expect(namesOf(await find('custom_field == "value"'))).toEqual(['a.png']);
  expect(namesOf(await find('take >= 2 and custom_field != "value"'))).toEqual(['b.png']);
});

test('contents and thumbnail are served by signed URLs until these expire, whole or from some byte on', async () => {
  await api.upload({ 'ä b.png': png });
  const [listed] = await api.assets('&contents=y');
  const { body: asset } = await api.call<AssetBody>('GET', `/assets/${listed?.assetId}?contents=y`);
  const { asset: content, thumbnail } = asset.contents ?? {};
  if (!content || !thumbnail) throw new Error('no contents');
  expect(decodeURIComponent(content.url.split('?')[0]?.split('/').at(-1) ?? '')).toBe('ä b.png');
  expect(new URL(content.url).origin).toBe(api.emulator.storeUrl);
  const whole = await fetch(content.url);
  expect(whole.headers.get('content-type')).toBe('image/png');
  expect(Buffer.from(await whole.arrayBuffer()).equals(png)).toBe(true);
  const rest = await fetch(content.url, { headers: { range: 'bytes=100-' } });
  expect(rest.status).toBe(206);
  expect(Buffer.from(await rest.arrayBuffer()).equals(png.subarray(100))).toBe(true);
  expect((await fetch(content.url, { headers: { range: `bytes=${png.byteLength}-` } })).status).toBe(416);
  expect((await fetch(thumbnail.url)).status).toBe(200);
  expect(thumbnail.url).not.toBe(content.url);
  expect((await fetch(content.url.replace(/signature=.{4}/, 'signature=0000'))).status).toBe(403);
  const later = new URL(content.url);
  later.searchParams.set('expires', String(content.expiry + 1000));
  expect((await fetch(later)).status).toBe(403);
  await api.control.advanceClock(3_600_001);
  const expired = await fetch(content.url);
  expect([expired.status, await expired.text()]).toEqual([403, expect.stringContaining('expired')]);
});

test('an overwritten or deleted content is gone from its URL', async () => {
  await api.upload({ 'a.png': png });
  const [first] = await api.assets('&contents=y');
  await api.upload({ 'a.png': pngOf(1) });
  expect((await fetch(first?.contents?.asset.url ?? '')).status).toBe(404);
  const [second] = await api.assets('&contents=y');
  await api.call('DELETE', `/assets/${second?.assetId}`);
  expect((await fetch(second?.contents?.asset.url ?? '')).status).toBe(404);
});

test('a delete has an empty body, and the second one is 404', async () => {
  await api.upload({ 'a.png': png });
  const [asset] = await api.assets();
  const gone = await api.call('DELETE', `/assets/${asset?.assetId}`);
  expect([gone.status, gone.body]).toEqual([204, undefined]);
  expect((await api.call('DELETE', `/assets/${asset?.assetId}`)).status).toBe(404);
  expect((await api.call('GET', `/assets/${asset?.assetId}`)).status).toBe(404);
});

test('an asset is renamed by its id and by its name, unless the name is taken', async () => {
  await api.upload({ 'a.png': png, 'b.png': png });
  const [asset] = await api.assets('&sortBy=filename');
  const rename = (route: string, filename: unknown) => api.call('POST', `${route}/name`, { body: { filename } });
  expect((await rename(`/assets/${asset?.assetId}`, 'c d.png')).status).toBe(200);
  expect((await rename(`/assetFiles/${encodeURIComponent('c d.png')}`, 'e.png')).status).toBe(200);
  expect((await rename('/assetFiles/c.png', 'f.png')).status).toBe(404);
  expect((await rename('/assetFiles/e.png', 'b.png')).status).toBe(409);
  expect((await rename('/assetFiles/e.png', 'x/y.png')).status).toBe(400);
  expect(namesOf(await api.assets('&sortBy=filename'))).toEqual(['b.png', 'e.png']);
});

test('many assets are deleted by a query once their time has come, and never without one', async () => {
  await api.upload({ 'a.png': png, 'b.png': png, 'c.png': png });
  const path = '/deleteManyAssetsSessions';
  const spec = { filter: null, metadataQuery: null, ruleQuery: null, strictQuery: null };
  expect((await api.call('POST', path, { body: { spec } })).status).toBe(400);
  await api.control.setProcessing({ baseMs: 1000, msPerMegabyte: 0 });
  const body = { spec: { ...spec, filter: 'filename != "b.png"' } };
  type Deletion = { deleteManyAssetsSessionId: string; status: { conditions: { status: string }[] } };
  const { body: deletion } = await api.call<Deletion>('POST', path, { body });
  expect(deletion.status.conditions[0]?.status).toBe('Waiting');
  expect(await api.assets()).toHaveLength(3);
  await api.control.advanceClock(1000);
  const { body: done } = await api.call<Deletion>('GET', `${path}/${deletion.deleteManyAssetsSessionId}`);
  expect(done.status.conditions.map(({ status }) => status)).toEqual(['Reached', 'Reached']);
  expect(namesOf(await api.assets())).toEqual(['b.png']);
  expect((await api.call<PageBody<Deletion>>('GET', path)).body.items).toHaveLength(1);
  await api.control.setProcessing({ baseMs: 0, msPerMegabyte: 0 });
});

test('a dataset tells its statistic; others are made by the control API and keep their assets apart', async () => {
  await api.upload({ 'a.png': png });
  const [asset] = await api.assets();
  await api.control.annotate(asset?.assetId ?? '', { cat: 2 });
  const { body } = await api.call<{ statistic: object; datasetId: string; content: string }>('GET', '');
  expect(body).toMatchObject({
    datasetId: `${ORGANIZATION}_demo`,
    content: 'Image',
    statistic: { assetTotal: 1, annotationTotal: 2, assetAnnotated: 1, tagsCount: { cat: 2 } },
  });
  await api.control.addDataset('second');
  await expect(api.control.addDataset('a_b')).rejects.toThrow('400');
  await expect(api.control.addDataset('second')).rejects.toThrow('409');
  expect((await api.call<PageBody<AssetBody>>('GET', '/assets', { dataset: 'second' })).body.items).toEqual([]);
  expect((await api.call('GET', `/assets/${asset?.assetId}`, { dataset: 'second' })).status).toBe(404);
  expect((await api.call('GET', '/assets', { dataset: 'third' })).status).toBe(404);
});

test.each([
  ['no key', { authorization: '' }, 401],
  ['a key that is too short', { authorization: `Bearer ${SECRET_KEY.slice(1)}` }, 401],
  ['a key of another form', { authorization: `Bearer ${'x'.repeat(103)}` }, 401],
  ['another organization', { 'organization-id': 'org-2' }, 403],
])('%s is refused', async (_name, headers, status) => {
  const refused = await api.call('GET', '/assets', { headers });
  expect(refused.status).toBe(status);
  expect(refused.body).toEqual({ error: expect.any(String), message: expect.any(String) });
});

test('only the keys that are told are taken', async () => {
  const strict = await ViApi.start({ secretKeys: [`dtvi_${'o'.repeat(98)}`] });
  expect((await strict.call('GET', '/assets')).status).toBe(401);
  await strict.close();
});

test.each(['/assets/a.b', `/assets/${'x'.repeat(256)}`, `${SESSIONS}/a%20b`])(
  'the id in %s is malformed',
  async (path_) => {
    expect((await api.call('GET', path_)).status).toBe(400);
  },
);

test('a hash of an unknown algorithm cannot be compared with one of the bytes', async () => {
  await api.control.set({ hashAlgorithm: 'blake3' });
  await api.upload({ 'a.png': png });
  const [asset] = await api.assets();
  expect(asset?.metadata.hash.algorithm).toBe('blake3');
  expect(asset?.metadata.hash.contents).not.toBe(createHash('sha256').update(png).digest('hex'));
  await api.control.set({ hashAlgorithm: 'sha256' });
});
