import { KIB, patterned, putTo, reported, Uploader, type Session } from '../../../support/servers/upload-session';

const CONTENT = patterned(3 * KIB + 100);

let uploader: Uploader;
let session: Session;
beforeAll(async () => {
  uploader = await Uploader.start({ uploads: { chunkBytes: KIB } });
});
afterAll(() => uploader.close());
beforeEach(async () => {
  await uploader.control.reset();
  session = await uploader.session({ total_size: CONTENT.byteLength });
});

const put = (index: number) => uploader.put(session, CONTENT, index);

test('duplicates are ignored and counted, and the URL comes only with the last chunk', async () => {
  const [one, two] = [await put(1), await put(2)];
  const first = await uploader.report(session, [two, one, two]);
  expect(first).toEqual({
    status: 200,
    body: { asset_id: session.asset_id, processed_chunks: 2, duplicate_chunks: 1, total_completed: 2 },
  });
  const wrongNow = { ...one, proof: 'anything' };
  expect((await uploader.report(session, [wrongNow, await put(3)])).body).toMatchObject({
    processed_chunks: 1,
    duplicate_chunks: 1,
    total_completed: 3,
  });
  const last = await put(4);
  const done = (await uploader.report(session, [last])).body;
  expect(done).toMatchObject({ total_completed: 4, url: expect.stringContaining(session.asset_id) });
  expect((await uploader.report(session, [last])).body).toEqual({
    ...done,
    processed_chunks: 0,
    duplicate_chunks: 1,
  });
});

test('an ETag is taken with its quotes and without', async () => {
  const [one, two] = [await put(1), await put(2)];
  expect(one.proof).toMatch(/^"[0-9a-f]{32}"$/);
  const bare = { ...two, proof: two.proof.replaceAll('"', '') };
  expect((await uploader.report(session, [one, bare])).body).toMatchObject({ processed_chunks: 2 });
});

test.each([
  ['of a wrong ETag', { proof: '0'.repeat(32) }, 'proof'],
  ['of a wrong size', { chunk_size: KIB - 1 }, 'chunk_size'],
  ['of a chunk that is not uploaded', { chunk_index: 2 }, 'Chunk 2'],
  ['of a chunk that does not exist', { chunk_index: 5 }, '4 chunks'],
  ['with another proof', { proof_type: 'md5' }, 'proof_type'],
])('a report %s is refused as a whole', async (_what, change, message) => {
  const [one, three] = [await put(1), await put(3)];
  const { status, body } = await uploader.report(session, [three, { ...one, ...change }]);
  expect([status, body.message]).toEqual([400, expect.stringContaining(message)]);
  expect(await uploader.status(session)).toMatchObject({ chunks_completed: 0 });
});

test('the last chunk has the rest as its size', async () => {
  const last = await put(4);
  expect(last.chunk_size).toBe(100);
  expect((await uploader.report(session, [{ ...last, chunk_size: KIB }])).status).toBe(400);
  expect((await uploader.report(session, [last])).status).toBe(200);
});

test('an empty report is refused', async () => {
  expect((await uploader.report(session, [])).status).toBe(400);
});

test('a part that is replaced by other bytes must be reported again', async () => {
  await uploader.report(session, [await put(1)]);
  await put(1);
  expect(await uploader.status(session)).toMatchObject({ chunks_completed: 1 });
  const other = await uploader.put(session, Buffer.alloc(CONTENT.byteLength), 1);
  expect(await uploader.status(session)).toMatchObject({ chunks_completed: 0 });
  expect((await uploader.report(session, [other])).body).toMatchObject({ processed_chunks: 1, total_completed: 1 });
});

test('further URLs are for the range that was asked, at most 50, and none past the end', async () => {
  const large = await uploader.session({ total_size: 120 * KIB });
  const ask = (start: number, count: number) =>
    uploader.call<{ upload_urls: { chunk_index: number }[] }>(
      'POST',
      `/assets/multipart-uploads/${large.upload_id}/presigned-urls`,
      { start, count },
    );
  const { status, body } = await ask(71, 50);
  expect([status, body]).toMatchObject([200, { upload_id: large.upload_id, start_index: 71, count: 50 }]);
  expect(body.upload_urls.map(({ chunk_index }) => chunk_index)).toEqual(
    Array.from({ length: 50 }, (_, at) => 71 + at),
  );
  expect(body).toMatchObject({ generated_at: expect.any(String), expires_at: expect.any(String) });
  for (const [start, count] of [
    [1, 51],
    [0, 1],
    [1, 0],
    [72, 50],
  ] as const) {
    expect((await ask(start, count)).status).toBe(400);
  }
});

test('an opaque ETag is not the MD5, and is a proof all the same', async () => {
  const [plain] = await uploader.urls(session, 1, 1);
  const md5 = (await putTo(plain?.url ?? '', CONTENT.subarray(0, KIB))).headers.get('etag');
  await uploader.control.setUploads({ etag: 'opaque' });
  const opaque = await put(1);
  await uploader.control.setUploads({ etag: 'md5' });
  expect(opaque.proof).toMatch(/^"[0-9a-f]{32}-1"$/);
  expect((await uploader.report(session, [reported(1, md5 ?? '', KIB)])).status).toBe(400);
  expect((await uploader.report(session, [opaque])).status).toBe(200);
});
