import { createHash } from 'node:crypto';
import { request } from 'node:http';
import {
  chunkOf,
  HOUR_MS,
  KIB,
  patterned,
  putTo,
  Uploader,
  type Session,
} from '../../../support/servers/upload-session';

const CONTENT = patterned(2 * KIB + 100);

let uploader: Uploader;
let session: Session;
beforeAll(async () => {
  uploader = await Uploader.start({ uploads: { chunkBytes: KIB } });
});
afterAll(() => uploader.close());
beforeEach(async () => {
  await uploader.control.reset();
  await uploader.control.setUploads({ singleUse: true, partUrlLifeMs: HOUR_MS });
  session = await uploader.session({ total_size: CONTENT.byteLength });
});

const urlOf = (index: number): string => session.upload_urls[index - 1]?.url ?? '';
const bytesOf = (index: number): Buffer => chunkOf(session, CONTENT, index);
const put = (index: number) => putTo(urlOf(index), bytesOf(index));
const received = async () => (await uploader.control.state()).uploads[0]?.received_chunks;

async function refusal(response: Response): Promise<[number, string | undefined]> {
  const text = await response.text();
  expect(response.headers.get('content-type')).toBe('application/xml');
  return [response.status, /<Error><Code>(\w+)<\/Code><Message>[^<]+<\/Message><\/Error>$/.exec(text)?.[1]];
}

test('the answer to a part is empty, with the quoted MD5 of its bytes as ETag', async () => {
  const response = await put(1);
  expect([response.status, await response.text()]).toEqual([200, '']);
  const md5 = createHash('md5').update(bytesOf(1)).digest('hex');
  expect(response.headers.get('etag')).toBe(`"${md5}"`);
});

test('a URL that a part came in by is refused, and a fresh one replaces the part', async () => {
  await put(1);
  expect(await refusal(await put(1))).toEqual([403, 'AccessDenied']);
  await uploader.put(session, Buffer.alloc(CONTENT.byteLength), 1);
  expect(await received()).toBe(1);
});

test('a URL is good again and again where single use is switched off', async () => {
  await uploader.control.setUploads({ singleUse: false });
  expect([(await put(1)).status, (await put(1)).status]).toEqual([200, 200]);
});

test('a URL lives an hour on the emulator’s clock', async () => {
  await uploader.control.advanceClock(HOUR_MS - 60_000);
  expect((await put(1)).status).toBe(200);
  await uploader.control.advanceClock(60_000);
  expect(await refusal(await put(2))).toEqual([403, 'AccessDenied']);
  expect((await uploader.urls(session, 2, 1)).map(({ chunk_index }) => chunk_index)).toEqual([2]);
  await expect(uploader.put(session, CONTENT, 2)).resolves.toMatchObject({ chunk_index: 2 });
});

test.each([
  ['signature', (url: string) => url.replace(/signature=\w/, 'signature=x')],
  ['part', (url: string) => url.replace('/1?', '/2?')],
  ['expiry', (url: string) => url.replace('expires=1', 'expires=2')],
  ['nonce', (url: string) => url.replace(/nonce=\w+/, 'nonce=0000')],
  ['query', (url: string) => url.slice(0, url.indexOf('?'))],
])('a URL of another %s than the one given out is refused', async (_what, change) => {
  expect(await refusal(await putTo(change(urlOf(1)), bytesOf(1)))).toEqual([403, 'SignatureDoesNotMatch']);
  expect(await received()).toBe(0);
});

test.each([
  ['shorter', 1, KIB - 1, 'EntityTooSmall'],
  ['longer', 1, KIB + 1, 'EntityTooLarge'],
  ['longer, being the last', 3, 101, 'EntityTooLarge'],
])('a part that is %s is refused, and its URL stays good', async (_what, index, length, code) => {
  expect(await refusal(await putTo(urlOf(index), patterned(length)))).toEqual([400, code]);
  expect((await put(index)).status).toBe(200);
});

test('a part without Content-Length is refused', async () => {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(bytesOf(1)));
      controller.close();
    },
  });
  const chunked = await fetch(urlOf(1), { method: 'PUT', body, duplex: 'half' } as RequestInit);
  expect(await refusal(chunked)).toEqual([411, 'MissingContentLength']);
});

test('no part is taken for a session that has ended or that is not known', async () => {
  const other = await uploader.session({ total_size: 1 });
  await uploader.control.fail(session.upload_id, 'by hand');
  expect(await refusal(await put(1))).toEqual([404, 'NoSuchUpload']);
  await uploader.control.setUploads({ partUrlLifeMs: 48 * HOUR_MS });
  const [late] = await uploader.urls(other, 1, 1);
  await uploader.control.advanceClock(24 * HOUR_MS);
  expect(await refusal(await putTo(late?.url ?? '', patterned(1)))).toEqual([404, 'NoSuchUpload']);
  await uploader.control.reset();
  expect(await refusal(await put(1))).toEqual([404, 'NoSuchUpload']);
});

test('nothing but PUT of a part is served', async () => {
  expect(await refusal(await fetch(urlOf(1)))).toEqual([405, 'MethodNotAllowed']);
  expect(await refusal(await putTo(`${uploader.emulator.storeUrl}/elsewhere`, bytesOf(1)))).toEqual([404, 'NoSuchKey']);
});

test('a body that breaks off leaves nothing, and its URL stays good', async () => {
  const cut = request(urlOf(1), { method: 'PUT', headers: { 'content-length': KIB } });
  cut.on('error', () => {});
  cut.write(bytesOf(1).subarray(0, 100));
  while ((await uploader.control.partCounters()).bytesReceived < 100) await new Promise(setImmediate);
  cut.destroy();
  const name = 'PUT /parts/{upload_id}/{chunk_index}';
  while ((await uploader.control.counters())[name]?.byStatus.dropped !== 1) await new Promise(setImmediate);
  expect(await received()).toBe(0);
  expect((await put(1)).status).toBe(200);
  const { byPart, ...all } = await uploader.control.partCounters();
  expect(all).toEqual({ puts: 2, stored: 1, bytesReceived: KIB + 100, withApiKey: 0 });
  expect(byPart).toEqual({ [`${session.upload_id}/1`]: { puts: 2, stored: 1, bytesReceived: KIB + 100 } });
});

test('an API key that is sent to the store is remembered, and helps nobody', async () => {
  expect((await putTo(urlOf(1), bytesOf(1), { 'x-api-key': 'tlk_x' })).status).toBe(200);
  expect((await putTo(urlOf(1), bytesOf(1), { 'x-api-key': 'tlk_x' })).status).toBe(403);
  await put(2);
  expect(await uploader.control.partCounters()).toMatchObject({ puts: 3, stored: 2, withApiKey: 2 });
});

test('an ETag of a store that encrypts with KMS looks like an MD5, and a header says that it is none', async () => {
  await uploader.control.setUploads({ etag: 'kms' });
  const response = await put(1).finally(() => uploader.control.setUploads({ etag: 'md5' }));
  expect(response.headers.get('x-amz-server-side-encryption')).toBe('aws:kms');
  expect(response.headers.get('etag')).toMatch(/^"[0-9a-f]{32}"$/);
  expect(response.headers.get('etag')).not.toBe(`"${createHash('md5').update(bytesOf(1)).digest('hex')}"`);
});

test('a part that does not match its Content-MD5 is refused, and is not there', async () => {
  const send = (md5Of: Buffer) =>
    fetch(urlOf(1), {
      method: 'PUT',
      body: new Uint8Array(bytesOf(1)),
      headers: { 'content-md5': createHash('md5').update(md5Of).digest('base64') },
    });
  expect(await refusal(await send(bytesOf(2)))).toEqual([400, 'BadDigest']);
  expect(await received()).toBe(0);
  expect((await send(bytesOf(1))).status).toBe(200);
});
