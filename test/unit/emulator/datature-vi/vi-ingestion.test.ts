import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { codesOf, conditionOf, fileSpec, SESSIONS, ViApi } from '../../../support/servers/vi-emulator';

const sample = (name: string): string => path.resolve(__dirname, '../../../../samples', name);

let api: ViApi;
let png: Buffer;
let jpg: Buffer;
beforeAll(async () => {
  [png, jpg] = await Promise.all([readFile(sample('portrait-2.png')), readFile(sample('portrait-1.jpg'))]);
  api = await ViApi.start();
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.control.reset();
  await api.control.set({
    finishedWithErrors: 'Reached',
    listed: 'when-ready',
    dataRows: null,
    sessionLimit: null,
    overwriteKeepsId: true,
    hashAlgorithm: 'sha256',
    uploadUrlLifeMs: 3_600_000,
  });
});

test('a file becomes an asset whose picture and hash are those of its bytes', async () => {
  const done = await api.upload({ 'a.png': png }, {}, { customMetadata: { camera: 'north', take: 2, final: true } });
  expect(conditionOf(done)).toBe('Reached');
  expect(done.status.progressCount).toEqual({ total: 1, succeeded: 1, errored: 0 });
  const [asset] = await api.assets();
  const width = png.readUInt32BE(16);
  const height = png.readUInt32BE(20);
  expect(asset).toMatchObject({
    filename: 'a.png',
    kind: 'Image',
    metadata: { width, height, frames: 1, fileSize: png.byteLength, mimeType: 'image/png' },
  });
  expect(asset?.metadata.customMetadata).toEqual({ camera: 'north', take: 2, final: true });
  const contents = createHash('sha256').update(png).digest('hex');
  expect(asset?.metadata.hash).toEqual({ algorithm: 'sha256', contents });
});

test('a video is looked at as well', async () => {
  const clip = await readFile(sample('clip.mp4'));
  const done = await api.upload({ 'clip.mp4': clip }, {}, { kind: 'Video', mime: 'video/mp4' });
  expect(codesOf(done)).toEqual({});
  const [asset] = await api.assets();
  expect(asset).toMatchObject({ kind: 'Video', metadata: { mimeType: 'video/mp4' } });
  expect(asset?.metadata.frames).toBeGreaterThan(10);
  expect(asset?.metadata.width).toBeGreaterThan(100);
});

test('the CRC32C of the vector from the contract is the signed number, and a wrong one is ECORRUPT', async () => {
  expect(fileSpec('v.png', Buffer.from('123456789')).crc32c).toBe(-486108541);
  const spec = fileSpec('a.png', png, { crc32c: 7 });
  const session = await api.session([spec]);
  const [target] = session.status.assets;
  expect((await api.put(target?.upload, png)).status).toBe(200);
  expect(codesOf(await api.sessionNow(session))).toEqual({ 'a.png': 'ECORRUPT' });
});

const halfOf = (bytes: Buffer): Buffer => bytes.subarray(0, Math.floor(bytes.byteLength / 2));

test.each([
  ['bytes that are no image are EBADMIME', 'EBADMIME', () => Buffer.from('just some text, and no image at all')],
  ['an image of another type is EBADMIME', 'EBADMIME', () => jpg],
  ['half of an image is ECORRUPT', 'ECORRUPT', () => halfOf(png)],
  ['only the head of an image is ECORRUPT', 'ECORRUPT', () => png.subarray(0, 40)],
])('%s', async (_name, code, bytesOf) => {
  const done = await api.upload({ 'a.png': bytesOf(), 'b.png': png });
  expect(codesOf(done)).toEqual({ 'a.png': code });
  expect(done.status.progressCount).toEqual({ total: 2, succeeded: 1, errored: 1 });
  expect((await api.assets()).map(({ filename }) => filename)).toEqual(['b.png']);
});

test('sizes that differ, are zero or above the limit are EBADSIZE', async () => {
  const session = await api.session([
    fileSpec('a.png', png, { size: png.byteLength + 1 }),
    fileSpec('b.png', png, { size: 0 }),
    fileSpec('c.png', png, { size: 256 * 1024 ** 2 + 1 }),
  ]);
  await api.put(session.status.assets[0]?.upload, png);
  expect(codesOf(await api.sessionNow(session))).toEqual({
    'a.png': 'EBADSIZE',
    'b.png': 'EBADSIZE',
    'c.png': 'EBADSIZE',
  });
});

test('the second file of a name in one session is EALREADY; in the next session it replaces the first', async () => {
  const twice = await api.session([fileSpec('a.png', png), fileSpec('a.png', jpg, { mime: 'image/jpeg' })]);
  expect(codesOf(twice)).toEqual({ 'a.png': 'EALREADY' });
  await api.put(twice.status.assets[0]?.upload, png);
  expect((await api.sessionNow(twice)).status.progressCount).toEqual({ total: 2, succeeded: 1, errored: 1 });
  const [before] = await api.assets();
  await api.upload({ 'a.png': jpg }, {}, { mime: 'image/jpeg' });
  const after = await api.assets();
  expect(after).toHaveLength(1);
  expect(after[0]).toMatchObject({ assetId: before?.assetId, metadata: { fileSize: jpg.byteLength } });
  await api.control.set({ overwriteKeepsId: false });
  await api.upload({ 'a.png': png });
  expect((await api.assets())[0]?.assetId).not.toBe(before?.assetId);
});

test.each([
  ['RemoveLinkedResource', 'RemoveLinkedResource', 0],
  ['KeepLinkedResource', 'KeepLinkedResources', 3],
  ['KeepLinkedResources', 'KeepLinkedResources', 3],
])('an overwrite with %s is told as %s and leaves %i annotations', async (sent, told, left) => {
  await api.upload({ 'a.png': png });
  const [asset] = await api.assets();
  await api.control.annotate(asset?.assetId ?? '', { cat: 2, dog: 1 });
  expect((await api.assets())[0]?.metadata.annotations.total).toBe(3);
  const done = await api.upload({ 'a.png': png }, { onAssetOverwritten: sent });
  expect(done.spec.onAssetOverwritten).toBe(told);
  expect((await api.assets())[0]?.metadata.annotations.total).toBe(left);
});

test('what gets no bytes is ETIMEOUT once its URL has expired on the clock, and the store refuses it then', async () => {
  const session = await api.session([fileSpec('a.png', png), fileSpec('b.png', png)]);
  await api.put(session.status.assets[0]?.upload, png);
  expect(conditionOf(await api.sessionNow(session))).toBe('Waiting');
  await api.control.advanceClock(3_600_001);
  const done = await api.sessionNow(session);
  expect(codesOf(done)).toEqual({ 'b.png': 'ETIMEOUT' });
  expect(conditionOf(done)).toBe('Reached');
  const late = await api.put(session.status.assets[1]?.upload, png);
  expect(late.status).toBe(403);
  expect(await late.text()).toContain('expired');
});

test('the quota counts 5 rows an asset and 1 an annotation: what goes beyond is ENOQUOTA, and a delete frees it', async () => {
  await api.control.set({ dataRows: 11 });
  const done = await api.upload({ 'a.png': png, 'b.png': png, 'c.png': png });
  expect(codesOf(done)).toEqual({ 'c.png': 'ENOQUOTA' });
  const [first] = await api.assets();
  await api.control.annotate(first?.assetId ?? '', { cat: 2 });
  await api.call('DELETE', `/assets/${first?.assetId}`);
  expect(codesOf(await api.upload({ 'c.png': png }))).toEqual({});
  expect(codesOf(await api.upload({ 'c.png': png }))).toEqual({}); // an overwrite takes nothing more
});

test('a code can be asked for, once and for one name', async () => {
  await api.control.failFile({ filename: 'a.png' });
  await api.control.failFile({ filename: 'b.png', code: 'ESEQMETA' });
  expect(codesOf(await api.upload({ 'a.png': png, 'b.png': png, 'c.png': png }))).toEqual({
    'a.png': 'EUNKNOWN',
    'b.png': 'ESEQMETA',
  });
  expect(codesOf(await api.upload({ 'a.png': png, 'b.png': png }))).toEqual({});
});

test.each(['Reached', 'FailedReach'] as const)('a session in which a file failed can end %s', async (ends) => {
  await api.control.set({ finishedWithErrors: ends });
  const done = await api.upload({ 'a.png': Buffer.from('no image'), 'b.png': png });
  expect(conditionOf(done)).toBe(ends);
  expect(done.status.progressCount).toEqual({ total: 2, succeeded: 1, errored: 1 });
  expect(conditionOf(await api.upload({ 'c.png': png }))).toBe('Reached');
});

test('FailAfterOne stops at the first error: what was done stays, the rest is counted as neither', async () => {
  const files = { 'a.png': png, 'b.png': Buffer.from('no image'), 'c.png': png };
  const done = await api.upload(files, { failureMode: 'FailAfterOne' });
  expect(done.status.progressCount).toEqual({ total: 3, succeeded: 1, errored: 1 });
  expect(conditionOf(done)).toBe('Reached');
  expect((await api.assets()).map(({ filename }) => filename)).toEqual(['a.png']);
});

test('processing takes as long as it is told, and assets are listed when ready or when the session has ended', async () => {
  await api.control.setProcessing({ baseMs: 60_000, msPerMegabyte: 0 });
  for (const [listed, inBetween] of [
    ['when-ready', ['a.png']],
    ['when-finished', []],
  ] as const) {
    await api.control.reset();
    await api.control.set({ listed });
    const session = await api.session([fileSpec('a.png', png), fileSpec('b.png', png)]);
    await api.put(session.status.assets[0]?.upload, png);
    expect(await api.assets()).toEqual([]);
    await api.control.advanceClock(60_000);
    expect((await api.assets()).map(({ filename }) => filename)).toEqual(inBetween);
    await api.put(session.status.assets[1]?.upload, png);
    await api.control.advanceClock(60_000);
    expect(await api.assets()).toHaveLength(2);
  }
  await api.control.setProcessing({ baseMs: 0, msPerMegabyte: 0 });
});

test('the limit of sessions holds for any window, and says how long to wait', async () => {
  await api.control.set({ sessionLimit: { most: 2, windowMs: 300_000 } });
  await api.session([]);
  await api.control.advanceClock(100_000);
  await api.session([]);
  const body = { spec: { kind: 'Upload', assets: [] } };
  const refused = await api.call('POST', SESSIONS, { body });
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(195);
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(200);
  await api.control.advanceClock(200_000);
  expect((await api.call('POST', SESSIONS, { body })).status).toBe(200);
  expect((await api.call('POST', SESSIONS, { body })).status).toBe(429);
});

test('a cancelled session keeps what was done and takes no more; an empty one ends at once', async () => {
  const session = await api.session([fileSpec('a.png', png), fileSpec('b.png', png)]);
  await api.put(session.status.assets[0]?.upload, png);
  const path = `${SESSIONS}/${session.assetIngestionSessionId}:cancel`;
  expect((await api.call('POST', path)).status).toBe(200);
  expect((await api.call('POST', path)).status).toBe(200);
  const ended = await api.sessionNow(session);
  expect(conditionOf(ended)).toBe('FailedReach');
  expect(ended.status.conditions[0]).toMatchObject({ condition: 'Finished', reason: 'Cancelled' });
  expect((await api.put(session.status.assets[1]?.upload, png)).status).toBe(403);
  expect(await api.assets()).toHaveLength(1);
  expect(conditionOf(await api.session([]))).toBe('Reached');
});

test('a session fails when the control API says so', async () => {
  const session = await api.session([fileSpec('a.png', png)]);
  await api.control.fail(session.assetIngestionSessionId, 'the disk is full');
  expect((await api.sessionNow(session)).status.conditions[0]).toMatchObject({
    status: 'FailedReach',
    message: 'the disk is full',
  });
});

test('sessions are listed from the newest on, in pages', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.unshift((await api.session([])).assetIngestionSessionId);
  const found: string[] = [];
  let query = '?s=2';
  for (;;) {
    const { body } = await api.call<{ items: { assetIngestionSessionId: string }[]; nextPage: string | null }>(
      'GET',
      `${SESSIONS}${query}`,
    );
    found.push(...body.items.map((one) => one.assetIngestionSessionId));
    if (body.nextPage === null) break;
    query = `?s=2&p=${encodeURIComponent(body.nextPage)}`;
  }
  expect(found).toEqual(ids);
});

const spec = (file: object, more: object = {}) => ({ spec: { kind: 'Upload', assets: [file], ...more } });
const ok = { filename: 'a.png', kind: 'Image', mime: 'image/png', size: 3, crc32c: null, customMetadata: null };

test.each([
  ['no spec', {}],
  ['another kind of session', spec(ok, { kind: 'Copy' })],
  ['an unknown failure mode', spec(ok, { failureMode: 'FailNever' })],
  ['an unknown overwrite mode', spec(ok, { onAssetOverwritten: 'Keep' })],
  ['a missing size', spec({ ...ok, size: undefined })],
  ['a size that is no whole number', spec({ ...ok, size: 1.5 })],
  ['a size that is a text', spec({ ...ok, size: '3' })],
  ['an unsigned checksum', spec({ ...ok, crc32c: 3_808_858_755 })],
  ['a MIME type outside the table', spec({ ...ok, mime: 'image/svg+xml' })],
  ['a kind that is not that of the type', spec({ ...ok, kind: 'Video' })],
  ['an unknown kind', spec({ ...ok, kind: 'Text' })],
  ['a name with a slash', spec({ ...ok, filename: 'a/b.png' })],
  ['a name that leads upwards', spec({ ...ok, filename: '..' })],
  ['nested metadata', spec({ ...ok, customMetadata: { a: { b: 1 } } })],
  ['a list in metadata', spec({ ...ok, customMetadata: { a: [1] } })],
  ['null in metadata', spec({ ...ok, customMetadata: { a: null } })],
])('a session with %s is refused, and none is made', async (_name, body) => {
  const refused = await api.call('POST', SESSIONS, { body });
  expect(refused.status).toBe(400);
  expect(refused.body.message.length).toBeGreaterThan(10);
  expect((await api.control.state()).sessions).toEqual([]);
});
