import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { chunkSizeFor } from '../../../../emulator/twelvelabs/rules/uploads/settings';
import { HOUR_MS, KIB, patterned, reported, Uploader, type Session } from '../../../support/servers/upload-session';

const CLIP = path.resolve(__dirname, '../../../../samples/clip.mp4');
const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

let uploader: Uploader;
let clip: Buffer;
beforeAll(async () => {
  clip = await readFile(CLIP);
  uploader = await Uploader.start({ uploads: { chunkBytes: 64 * KIB } });
});
afterAll(() => uploader.close());
beforeEach(async () => {
  await uploader.control.reset();
  await uploader.control.setProcessing({ baseMs: 0, msPerMegabyte: 0 });
  await uploader.control.setUploads({ chunkBytes: 64 * KIB });
});

test('a create reserves the asset and gives the first URLs, on an origin of their own', async () => {
  const session = await uploader.session({ total_size: 2 * MIB + 1, user_metadata: { project: 'demo' } });
  const { nowMs } = await uploader.control.clock();
  expect(session).toMatchObject({ chunk_size: 64 * KIB, total_chunks: 33, upload_headers: expect.any(Object) });
  expect(Math.abs(Date.parse(session.expires_at) - nowMs - 24 * HOUR_MS)).toBeLessThan(60_000);
  expect(session.upload_urls.map(({ chunk_index }) => chunk_index)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const origin = new URL(session.upload_urls[0]?.url ?? '').origin;
  expect(origin).toBe(uploader.emulator.storeUrl);
  expect(origin).not.toBe(new URL(uploader.emulator.url).origin);
  expect(await uploader.asset(session.asset_id)).toMatchObject({
    status: 'processing',
    method: 'multipart',
    filename: 'film.mp4',
    user_metadata: { project: 'demo' },
  });
  const { body } = await uploader.call<{ data: { _id: string }[] }>('GET', '/assets?asset_types=video');
  expect(body.data.map(({ _id }) => _id)).toEqual([session.asset_id]);
  expect((await uploader.control.state()).assets[0]?.readyAtMs).toBeNull();
});

test.each([
  ['video', 10 * GIB, 'video_filesize_too_large', '10 GB'],
  ['audio', 10 * GIB, 'audio_filesize_too_large', '10 GB'],
  ['image', 32 * MIB, 'media_filesize_too_large', '32 MB'],
])('%s of %i bytes is taken, and one byte more is refused', async (type, limit, code, limitName) => {
  await uploader.control.setUploads({ chunkBytes: null });
  expect((await uploader.create({ type, total_size: limit })).status).toBe(201);
  const { status, body } = await uploader.create({ type, total_size: limit + 1 });
  expect([status, body.code]).toEqual([400, code]);
  expect(body.message).toContain(limitName);
});

test.each([
  [{ total_size: 0 }, 'parameter_invalid', 'total_size'],
  [{ total_size: 1.5 }, 'parameter_invalid', 'total_size'],
  [{}, 'parameter_not_provided', 'total_size'],
  [{ total_size: 1, type: 'document' }, 'parameter_invalid', 'type'],
  [{ total_size: 1, filename: '' }, 'parameter_invalid', 'filename'],
  [{ total_size: 1, user_metadata: '{"a":1}' }, 'parameter_invalid', 'user_metadata'],
])('a create with %j is refused by name of the parameter', async (fields, code, parameter) => {
  const { status, body } = await uploader.create(fields);
  expect([status, body.code]).toEqual([400, code]);
  expect(body.message).toContain(parameter);
  expect((await uploader.control.state()).uploads).toEqual([]);
});

test('chunks have 5 MiB, and more so that there are never over 2,000 of them', () => {
  expect(chunkSizeFor(1)).toBe(5 * MIB);
  expect(chunkSizeFor(2000 * 5 * MIB)).toBe(5 * MIB);
  expect(chunkSizeFor(2000 * 5 * MIB + 1)).toBe(6 * MIB);
  for (const size of [1, 200 * MIB, 9 * GIB, 10 * GIB]) expect(Math.ceil(size / chunkSizeFor(size))).toBeLessThan(2001);
});

test('when all chunks are reported, in any order, the asset is processed as any other', async () => {
  await uploader.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  const session = await uploader.upload(clip);
  expect(session.total_chunks).toBeGreaterThan(2);
  expect(await uploader.status(session)).toMatchObject({ status: 'completed', chunks_pending: 0 });
  expect(await uploader.asset(session.asset_id)).toMatchObject({ status: 'processing' });
  await uploader.control.advanceClock(HOUR_MS);
  const asset = await uploader.asset(session.asset_id);
  expect(asset).toMatchObject({ status: 'ready', method: 'multipart', size: clip.byteLength, file_type: 'video/mp4' });
  expect(asset).toMatchObject({ technical_metadata: { video_width: 640, video_codec: 'h264' } });
});

test('an asset has an HLS playlist where the create asks for it', async () => {
  const [plain, asking] = [await uploader.upload(clip), await uploader.upload(clip, { enable_hls: true })];
  expect(await uploader.asset(plain.asset_id)).not.toHaveProperty('hls');
  expect(await uploader.asset(asking.asset_id)).toMatchObject({ hls: { status: 'ready' } });
});

test('parts that are no media make the asset fail, though the session has completed', async () => {
  const session = await uploader.upload(patterned(100 * KIB));
  expect(await uploader.status(session)).toMatchObject({ status: 'completed' });
  expect(await uploader.asset(session.asset_id)).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining('valid') },
  });
});

test('the status pages over all chunks and names neither asset nor file', async () => {
  const content = patterned(12 * 64 * KIB);
  const session = await uploader.session({ total_size: content.byteLength });
  await uploader.report(session, [await uploader.put(session, content, 3)]);
  await uploader.put(session, content, 4);
  const status = await uploader.status(session);
  expect(status).toMatchObject({
    upload_id: session.upload_id,
    status: 'active',
    chunks_completed: 1,
    chunks_failed: 0,
    chunks_pending: 11,
    total_size: content.byteLength,
    uploaded_size: 64 * KIB,
    page_info: { page: 1, limit_per_page: 10, total_page: 2, total_results: 12 },
  });
  const chunks = status.uploaded_chunks as { index: number; status: string; uploaded_at: string | null }[];
  expect(chunks).toHaveLength(10);
  expect(chunks[2]).toMatchObject({ index: 3, status: 'completed', uploaded_at: expect.any(String) });
  expect(chunks[3]).toMatchObject({ index: 4, status: 'pending', uploaded_at: null });
  for (const key of ['asset_id', 'filename', 'total_chunks', 'chunk_size', 'expires_at']) {
    expect(status).not.toHaveProperty(key);
  }
  const page = async (query: string) =>
    (await uploader.call('GET', `/assets/multipart-uploads/${session.upload_id}?${query}`)).body.uploaded_chunks;
  expect(await page('page=2')).toHaveLength(2);
  expect(await page('page=3')).toEqual([]);
  expect(await page('page_limit=50')).toHaveLength(12);
});

test('the list has the sessions that did not complete, newest first', async () => {
  const first = await uploader.session({ total_size: 1 });
  const done = await uploader.upload(clip);
  const failed = await uploader.session({ total_size: 1 });
  await uploader.control.fail(failed.upload_id, 'by hand');
  const { body } = await uploader.call<{ data: Record<string, unknown>[] }>('GET', '/assets/multipart-uploads');
  expect(body.data.map(({ upload_id, status }) => [upload_id, status])).toEqual([
    [failed.upload_id, 'failed'],
    [first.upload_id, 'active'],
  ]);
  expect(JSON.stringify(body)).not.toContain(done.upload_id);
  expect(Object.keys(body.data[1] ?? {}).toSorted()).toEqual(
    ['upload_id', 'status', 'total_size', 'chunk_size', 'total_chunks', 'created_at', 'expires_at'].toSorted(),
  );
});

test.each([
  ['GET', ''],
  ['POST', ''],
  ['POST', '/presigned-urls'],
])('%s on an unknown session is 404, on a malformed id 400 (%s)', async (method, tail) => {
  const body = method === 'POST' ? { completed_chunks: [reported(1, 'x', 1)], start: 1, count: 1 } : undefined;
  const call = (id: string) => uploader.call(method, `/assets/multipart-uploads/${id}${tail}`, body);
  expect(await call('0'.repeat(24))).toMatchObject({ status: 404, body: { code: 'resource_not_exist' } });
  expect(await call('nonsense')).toMatchObject({ status: 400, body: { code: 'parameter_invalid' } });
});

describe('the end of a session', () => {
  const refusals = async (session: Session) =>
    Promise.all([
      uploader.report(session, [reported(1, 'x', 1)]),
      uploader.call('POST', `/assets/multipart-uploads/${session.upload_id}/presigned-urls`, { start: 1, count: 1 }),
    ]);

  test('comes after its 24 hours: it is expired, and its asset failed', async () => {
    const session = await uploader.session({ total_size: 1 });
    await uploader.control.advanceClock(24 * HOUR_MS - 60_000);
    expect(await uploader.asset(session.asset_id)).toMatchObject({ status: 'processing' });
    await uploader.control.advanceClock(60_000);
    expect(await uploader.status(session)).toMatchObject({ status: 'expired' });
    const message = expect.stringContaining('expired');
    expect(await uploader.asset(session.asset_id)).toMatchObject({ status: 'failed', error: { message } });
    for (const refusal of await refusals(session)) {
      expect(refusal).toMatchObject({ status: 400, body: { code: 'emulator_upload_expired', message } });
    }
  });

  test('comes by hand: session and asset are failed', async () => {
    const [session, other] = [await uploader.session({ total_size: 1 }), await uploader.session({ total_size: 1 })];
    await uploader.control.fail(session.upload_id, 'disk on fire');
    await uploader.control.fail(other.asset_id, 'the same, said of the asset');
    for (const { upload_id, asset_id } of [session, other]) {
      const { uploads } = await uploader.control.state();
      expect(uploads.find((one) => one.upload_id === upload_id)).toMatchObject({ status: 'failed' });
      expect(await uploader.asset(asset_id)).toMatchObject({ status: 'failed' });
    }
    expect(await uploader.asset(session.asset_id)).toMatchObject({ error: { message: 'disk on fire' } });
    expect((await refusals(session)).map(({ status }) => status)).toEqual([400, 400]);
    await expect(uploader.control.fail(session.upload_id, 'again')).rejects.toThrow(/400/);
  });

  test('comes with the deletion of its asset', async () => {
    const session = await uploader.session({ total_size: 1 });
    expect((await uploader.call('DELETE', `/assets/${session.asset_id}`)).status).toBe(204);
    expect(await uploader.status(session)).toMatchObject({ status: 'failed' });
    expect((await uploader.call('GET', `/assets/${session.asset_id}`)).status).toBe(404);
    expect((await refusals(session)).map(({ status }) => status)).toEqual([400, 400]);
  });
});
