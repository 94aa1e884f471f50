import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CONTENT_ROUTE, PART_ROUTE, UPLOAD_ROUTE } from '../../../../emulator/datature-vi/rules/signed-urls';
import {
  codesOf,
  conditionOf,
  fileSpec,
  MULTIPARTS,
  SESSIONS,
  ViApi,
  type SessionBody,
  type SignedBody,
} from '../../../support/servers/vi-emulator';
import { until } from '../../../support/until';

const sample = (name: string): string => path.resolve(__dirname, '../../../../samples', name);

interface MultipartBody {
  multipartUploadId: string;
  status: { partCount: number; conditions: { status: string }[] };
}

let api: ViApi;
let png: Buffer;
let clip: Buffer;
beforeAll(async () => {
  [png, clip] = await Promise.all([readFile(sample('portrait-2.png')), readFile(sample('clip.mp4'))]);
  api = await ViApi.start({ settings: { partBytes: 50_000 } });
});
afterAll(() => api.close());
beforeEach(() => api.control.reset());

const video = (more: object = {}) => fileSpec('clip.mp4', clip, { kind: 'Video', mime: 'video/mp4', ...more });

async function begin(session: SessionBody, more: object = {}) {
  const { ingestionId } = session;
  const spec = { ingestionId, filename: 'clip.mp4', contentType: 'video/mp4', sizeBytes: clip.byteLength, ...more };
  return api.call<MultipartBody>('POST', MULTIPARTS, { body: { spec } });
}

/** Puts and reports one part of as many of equal size. */
async function putPart({ multipartUploadId: id, status }: MultipartBody, number: number): Promise<void> {
  const size = Math.floor(clip.byteLength / status.partCount);
  const last = number === status.partCount;
  const bytes = clip.subarray((number - 1) * size, last ? undefined : number * size);
  const { body: signed } = await api.call<SignedBody>('POST', `${MULTIPARTS}/${id}/parts/${number}`, { body: {} });
  const stream = new Blob([new Uint8Array(bytes)]).stream(); // of no known length
  const stored = await fetch(signed.url, { method: 'PUT', body: stream, duplex: 'half' } as RequestInit);
  const responseHeaders = { ETag: stored.headers.get('etag') ?? '' };
  await api.call('POST', `${MULTIPARTS}/${id}/parts/${number}/completion`, { body: { responseHeaders } });
}

test('a file is put in parts, in any order and without a length, and becomes what it was', async () => {
  const session = await api.session([video({ crc32c: null })]);
  const { body: upload } = await begin(session);
  const { partCount } = upload.status;
  expect(partCount).toBe(Math.ceil(clip.byteLength / 50_000));
  for (let number = partCount; number >= 1; number--) await putPart(upload, number);
  const completion = `${MULTIPARTS}/${upload.multipartUploadId}/completion`;
  for (let time = 0; time < 2; time++) {
    const { status, body } = await api.call<MultipartBody>('POST', completion);
    expect([status, body.status.conditions[0]?.status]).toEqual([200, 'Reached']);
  }
  await until(async () => conditionOf(await api.sessionNow(session)) !== 'Waiting'); // it looks at the bytes first
  expect(codesOf(await api.sessionNow(session))).toEqual({});
  const [asset] = await api.assets('&contents=y');
  expect(asset?.metadata.hash.contents).toBe(createHash('sha256').update(clip).digest('hex'));
  const got = await fetch(asset?.contents?.asset.url ?? '', { headers: { range: 'bytes=49990-100010' } });
  expect(Buffer.from(await got.arrayBuffer()).equals(clip.subarray(49_990, 100_011))).toBe(true);
});

test('an upload is not complete while a part is missing or was reported with another ETag', async () => {
  const { body: upload } = await begin(await api.session([video()]));
  const one = `${MULTIPARTS}/${upload.multipartUploadId}`;
  const report = (number: number, ETag: string) =>
    api.call('POST', `${one}/parts/${number}/completion`, { body: { responseHeaders: { ETag } } });
  expect((await report(1, '')).status).toBe(400);
  await putPart(upload, 1);
  expect((await report(1, '"other"')).status).toBe(400);
  const { status, body } = await api.call('POST', `${one}/completion`);
  expect([status, body.message]).toEqual([400, 'Part 2 was not completed.']);
  expect((await api.call('POST', `${one}/parts/0`, { body: {} })).status).toBe(400);
  expect((await api.call('POST', `${one}/parts/99`, { body: {} })).status).toBe(400);
});

test('an aborted upload takes no more parts, and its file can be begun again', async () => {
  const session = await api.session([video()]);
  const { body: upload } = await begin(session);
  await putPart(upload, 1);
  const one = `${MULTIPARTS}/${upload.multipartUploadId}`;
  expect((await api.call('DELETE', one)).status).toBe(204);
  expect((await api.call('POST', `${one}/parts/1`, { body: {} })).status).toBe(409);
  expect((await api.call('POST', `${one}/completion`)).status).toBe(409);
  expect((await begin(session)).status).toBe(200);
});

test.each([
  ['an unknown ingestion', { ingestionId: 'x' }, 404],
  ['a file the session does not have', { filename: 'other.mp4' }, 409],
  ['another size', { sizeBytes: 5 }, 400],
  ['another type', { contentType: 'video/webm' }, 400],
])('%s begins no upload', async (_name, more, status) => {
  expect((await begin(await api.session([video()]), more)).status).toBe(status);
});

test('a file that is put in parts has longer than its URL, and is ETIMEOUT afterwards', async () => {
  const session = await api.session([video()]);
  await begin(session);
  await api.control.advanceClock(3_600_001);
  expect(conditionOf(await api.sessionNow(session))).toBe('Waiting');
  await api.control.advanceClock(24 * 3_600_000);
  expect(codesOf(await api.sessionNow(session))).toEqual({ 'clip.mp4': 'ETIMEOUT' });
});

describe('the store', () => {
  test('wants exactly the headers that came with the URL, and a length, and sees no key', async () => {
    const session = await api.session([fileSpec('a.png', png)]);
    const upload = session.status.assets[0]?.upload;
    expect((await api.put(upload, png, { 'Content-Type': 'image/jpeg' })).status).toBe(403);
    const bare = await fetch(upload?.url ?? '', { method: 'PUT', body: new Uint8Array(png) });
    expect([bare.status, await bare.text()]).toEqual([403, expect.stringContaining('SignatureDoesNotMatch')]);
    const stream = new Blob([new Uint8Array(png)]).stream();
    const init = { method: 'PUT', headers: upload?.headers, body: stream, duplex: 'half' } as RequestInit;
    expect((await fetch(upload?.url ?? '', init)).status).toBe(411);
    expect((await api.put(upload, png)).status).toBe(200);
    expect((await api.put(upload, png)).status).toBe(200); // a lost answer makes clients send again
    expect(await api.assets()).toHaveLength(1);
    expect((await api.control.partCounters()).withApiKey).toBe(0);
  });

  test('refuses and breaks off when a fault says so', async () => {
    const session = await api.session([fileSpec('a.png', png)]);
    const upload = session.status.assets[0]?.upload;
    await api.control.addFault({ route: UPLOAD_ROUTE, status: 403, times: 1 });
    expect((await api.put(upload, png)).status).toBe(403);
    await api.control.addFault({ route: UPLOAD_ROUTE, dropAfterBytes: 100, times: 1 });
    await expect(api.put(upload, png)).rejects.toThrow('fetch failed');
    expect(await api.assets()).toEqual([]);
    await api.control.addFault({ route: UPLOAD_ROUTE, drop: 'after', times: 1 });
    await expect(api.put(upload, png)).rejects.toThrow('fetch failed');
    expect(await api.assets()).toHaveLength(1);
    const [asset] = await api.assets('&contents=y');
    const url = asset?.contents?.asset.url ?? '';
    await api.control.addFault({ route: CONTENT_ROUTE, status: 503, times: 1 });
    expect((await fetch(url)).status).toBe(503);
    await api.control.addFault({ route: CONTENT_ROUTE, dropAfterBytes: 1000, times: 1 });
    await expect(fetch(url).then((response) => response.arrayBuffer())).rejects.toThrow(/terminated|fetch failed/);
    expect((await fetch(url)).status).toBe(200);
    const counters = await api.control.counters();
    expect(counters[CONTENT_ROUTE]).toMatchObject({ requests: 3 });
    expect(Object.keys(counters)).toContain(UPLOAD_ROUTE);
    expect(Object.keys(counters)).not.toContain(PART_ROUTE);
  });
});

test('a lost answer of a create leaves the session, and 429 and 503 come as asked for', async () => {
  const body = { spec: { kind: 'Upload', assets: [] } };
  await api.control.addFault({ route: `POST ${SESSIONS}`, drop: 'after', times: 1 });
  await expect(api.call('POST', SESSIONS, { body })).rejects.toThrow('fetch failed');
  expect((await api.control.state()).sessions).toHaveLength(1);
  const headers = { 'retry-after': '7' };
  await api.control.addFault({ route: `POST ${SESSIONS}`, status: 429, headers, times: 1 });
  const limited = await api.call('POST', SESSIONS, { body });
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
  await api.control.addFault({ route: 'GET /assets:count', status: 503, times: 1 });
  expect((await api.call('GET', '/assets:count')).status).toBe(503);
  expect((await api.call('GET', '/assets:count')).status).toBe(200);
});

describe('with a state folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'vi-state-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('assets, contents, sessions, half of an upload and the time survive a restart', async () => {
    let kept = await ViApi.start({ stateFolder: folder, datasets: ['second'] });
    await kept.control.advanceClock(5000);
    await kept.upload({ 'a.png': png });
    const open = await kept.session([fileSpec('b.png', png), fileSpec('c.png', randomBytes(10))]);
    await kept.put(open.status.assets[1]?.upload, randomBytes(10));
    const before = await kept.control.state();
    await kept.close();

    kept = await ViApi.start({ stateFolder: folder });
    try {
      expect(await kept.control.state()).toEqual(before);
      expect((await kept.control.clock()).advancedMs).toBe(5000);
      const [asset] = await kept.assets('&contents=y');
      const got = await fetch(asset?.contents?.asset.url ?? '');
      expect(Buffer.from(await got.arrayBuffer()).equals(png)).toBe(true);
      const again = await kept.sessionNow(open);
      expect((await kept.put(again.status.assets[0]?.upload, png)).status).toBe(200);
      expect((await kept.sessionNow(open)).status.progressCount).toEqual({ total: 2, succeeded: 1, errored: 1 });
    } finally {
      await kept.close();
    }
  });
});
