import { mkdir, mkdtemp, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UPLOAD_ROUTE } from '../../../../emulator/datature-vi/rules/signed-urls';
import { providerPlace, withinPlace, type ProviderPlace } from '../../../../src/client/assets/provider-place';
import type { UploadOptions } from '../../../../src/client/transfers/upload-assets';
import { failureType } from '../../../../src/contracts/failures';
import { createDatatureViProvider } from '../../../../src/providers/datature-vi/datature-vi-provider';
import type { MediaProvider } from '../../../../src/providers/media-provider';
import { MemoryProvider } from '../../../support/memory-provider';
import { uniqueJpeg } from '../../../support/media/unique-jpeg';
import { ORGANIZATION, SECRET_KEY, SESSIONS, ViApi } from '../../../support/servers/vi-emulator';

const CREATE = `POST ${SESSIONS}`;
const LONG_AGO = new Date('2026-01-01');
let api: ViApi;
let account: MediaProvider;
let place: ProviderPlace;
let folder: string;

beforeEach(async () => {
  api = await ViApi.start();
  account = createDatatureViProvider({
    ...{ secretKey: SECRET_KEY, organizationId: ORGANIZATION, endpoint: api.emulator.url },
    ...{ requestTimeoutMs: 5000, sessionsPer5Minutes: 5 },
  });
  place = providerPlace(async () => withinPlace(account, 'demo'));
  folder = await mkdtemp(path.join(tmpdir(), 'upload-'));
});
afterEach(async () => {
  await account.close();
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

/** Writes files, each with its own content; pictures unless bytes are given. @returns their paths */
async function write(files: Record<string, Buffer | string | undefined>): Promise<string[]> {
  const paths: string[] = [];
  for (const [name, bytes = uniqueJpeg(name)] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, bytes);
    await utimes(file, LONG_AGO, LONG_AGO); // a file that was just written is waited for
    paths.push(file);
  }
  return paths;
}
const pictures = (...names: string[]) => write(Object.fromEntries(names.map((name) => [name, undefined])));
const upload = (paths: string | string[], options?: UploadOptions & { signal?: AbortSignal }) =>
  place.assets.upload(paths, options);
const namesThere = async () => (await api.assets()).map(({ filename }) => filename).toSorted();
const openSessions = async () => (await api.control.state()).sessions.filter(({ ended }) => ended === null);
const requestsTo = async (route: string) => (await api.control.counters())[route]?.requests ?? 0;

test('a file, a list and a folder go up in one session each, and the result tells all of it', async () => {
  const [file = ''] = await pictures('a.jpg');
  const one = await upload(file, { metadata: { shift: 'early', count: 2, good: true } });
  expect(one).toMatchObject({
    ...{ totalFiles: 1, totalSucceeded: 1, totalFailed: 0, totalProcessing: 0, totalUnsent: 0 },
    ...{ successRate: 100, isComplete: true, failedFiles: [], unchanged: [], unsent: [], skipped: [] },
    sessions: [{ state: 'ended', failureMode: 'FailAfterAll', progress: { total: 1, succeeded: 1, errored: 0 } }],
  });
  expect(one.sessionIds).toEqual(one.sessions.map(({ id }) => id));
  expect(one.summary()).toBe(`1 of 1 files uploaded (100.0 %), sessions: ${one.sessionIds[0]}`);
  expect((await api.assets())[0]?.metadata.customMetadata).toEqual({ shift: 'early', count: 2, good: true });
  expect(JSON.stringify(one)).not.toContain('http://127.0.0.1');

  expect(await upload(await pictures('b.jpg', 'c.jpg'))).toMatchObject({ totalSucceeded: 2 });
  await pictures('below/d.jpg', 'below/deeper/e.jpg');
  const [note = ''] = await write({ 'below/note.txt': 'no picture' });
  const many = await upload(path.join(folder, 'below'));
  expect(many).toMatchObject({ totalFiles: 2, totalSucceeded: 2, skipped: [{ path: note }] });
  expect(many.skipped[0]?.message).toContain('the provider takes images');
  expect(await namesThere()).toEqual(['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg', 'e.jpg']);
  expect(await requestsTo(CREATE)).toBe(3);
});

test('without a wait the result says what is not known yet, and its session can be waited for', async () => {
  await api.control.setProcessing({ baseMs: 400, msPerMegabyte: 0 });
  const result = await upload(await pictures('a.jpg', 'b.jpg'), { wait: false });
  expect(result).toMatchObject({
    totalFiles: 2,
    totalSucceeded: 0,
    totalProcessing: 2,
    isComplete: false,
    successRate: 0,
  });
  const session = await place.sessions.wait(result.sessionIds[0] ?? '');
  expect(session).toMatchObject({ state: 'ended', progress: { succeeded: 2 } });
});

describe.each(['Reached', 'FailedReach'] as const)(
  'where a session with failed files ends as %s',
  (finishedWithErrors) => {
    beforeEach(() => api.control.set({ finishedWithErrors }));

    test('each file that fails has its code, and the others become assets', async () => {
      const good = await pictures('a.jpg', 'b.jpg');
      const bad = await write({
        'text.png': 'no picture',
        'cut.jpg': uniqueJpeg('cut').subarray(0, 5000),
        'empty.png': '',
        'film.txt': 'no kind that is taken',
        'huge.png': 'x',
      });
      await truncate(path.join(folder, 'huge.png'), 256 * 1024 ** 2 + 1);
      const result = await upload([...good, ...bad]);
      expect(result.failedFiles.map(({ filename, code, type }) => [filename, code, type])).toEqual([
        ['text.png', 'EBADMIME', 'ProviderRejected'],
        ['cut.jpg', 'ECORRUPT', 'ProcessingFailed'],
        ['empty.png', 'EBADSIZE', 'InvalidRequest'],
        ['film.txt', 'EBADMIME', 'InvalidRequest'],
        ['huge.png', 'EBADSIZE', 'PayloadTooLarge'],
      ]);
      expect(result).toMatchObject({
        totalFiles: 7,
        totalSucceeded: 2,
        totalFailed: 5,
        totalUnsent: 0,
        isComplete: true,
      });
      expect(result.successRate).toBeCloseTo((2 / 7) * 100);
      expect(result.failedFiles[0]?.path).toBe(path.join(folder, 'text.png'));
      expect(await namesThere()).toEqual(['a.jpg', 'b.jpg']);
    });

    test('FailAfterOne ends with the first failure: the rest is told as unsent, and what came stays', async () => {
      await write({ 'b.png': 'no picture' });
      await pictures('a.jpg', 'c.jpg', 'd.jpg');
      const result = await upload(folder, { failureMode: 'FailAfterOne' });
      expect(result.failedFiles).toMatchObject([{ filename: 'b.png', code: 'EBADMIME' }]);
      expect(result.totalSucceeded + result.totalUnsent).toBe(3);
      expect(await namesThere()).toHaveLength(result.totalSucceeded);
      expect(result.sessions[0]?.failureMode).toBe('FailAfterOne');
      expect(await openSessions()).toEqual([]);
    });
  },
);

test.each([
  ['that cannot be sent', { status: 400, times: 1 }],
  ['whose connection breaks', { drop: 'before', times: 500 }],
] as const)('FailAfterOne sends nothing more after a file %s, and cancels the rest', async (_what, fault) => {
  const names = Array.from({ length: 80 }, (_, at) => `${at}.jpg`);
  await pictures(...names);
  await api.control.addFault({ route: UPLOAD_ROUTE, ...fault });
  const result = await upload(folder, { failureMode: 'FailAfterOne' });
  expect(result.totalFailed).toBeGreaterThanOrEqual(1);
  expect(await requestsTo(UPLOAD_ROUTE)).toBeLessThan(60);
  expect(result.totalUnsent).toBeGreaterThan(20);
  expect(result.totalFailed + result.totalUnsent + result.totalSucceeded).toBe(80);
  expect(result.unsent).toHaveLength(result.totalUnsent);
  expect(await namesThere()).toHaveLength(result.totalSucceeded);
  expect(result.summary()).toContain(`${result.totalUnsent} not sent`);
  expect(await openSessions()).toEqual([]);
  expect(await requestsTo(CREATE)).toBe(1);
});

test('FailAfterOne sends nothing more into a session that has ended for the sake of one file', async () => {
  await write({ '0.png': 'no picture' });
  await pictures(...Array.from({ length: 80 }, (_, at) => `${at + 1}.jpg`));
  await api.control.setPace({ beforeEffectMs: 400 });
  const result = await upload(folder, { failureMode: 'FailAfterOne' });
  expect(result.failedFiles).toMatchObject([{ filename: '0.png', code: 'EBADMIME' }]);
  expect(await requestsTo(UPLOAD_ROUTE)).toBeLessThan(60);
  expect(result.totalSucceeded + result.totalUnsent).toBe(80);
  expect(await namesThere()).toHaveLength(result.totalSucceeded);
});

test('FailAfterOne sends nothing at all where a file is refused before', async () => {
  await write({ 'a.png': '' });
  await pictures('b.jpg');
  const result = await upload(folder, { failureMode: 'FailAfterOne' });
  expect(result).toMatchObject({ totalFailed: 1, totalUnsent: 1, sessions: [], sessionIds: [] });
  expect(await requestsTo(CREATE)).toBe(0);
});

test('an asset of the name with the same content is left as it is; with other content the file fails, and it stays', async () => {
  await upload(await pictures('a.jpg', 'b.jpg'));
  const before = await api.assets();
  const paths = [
    ...(await pictures('a.jpg')),
    ...(await write({ 'b.jpg': uniqueJpeg('other') })),
    ...(await pictures('c.jpg')),
  ];
  const result = await upload(paths);
  expect(result).toMatchObject({
    ...{ totalFiles: 3, totalSucceeded: 2, totalFailed: 1, unchanged: [paths[0]] },
    failedFiles: [{ filename: 'b.jpg', code: 'EALREADY', type: 'AssetExists' }],
  });
  const after = await api.assets();
  for (const asset of before) expect(after).toContainEqual(asset);
});

test.each([
  ['RemoveLinkedResource', 0],
  ['KeepLinkedResource', 3],
])('with %s other content is overwritten, and %d annotations are left', async (overwriteMode, left) => {
  await upload(await pictures('a.jpg'));
  const [asset] = await api.assets();
  await api.control.annotate(asset?.assetId ?? '', { cat: 3 });
  const other = uniqueJpeg('other');
  const result = await upload(await write({ 'a.jpg': other }), { overwriteMode });
  expect(result).toMatchObject({ totalSucceeded: 1, unchanged: [] });
  const [now] = await api.assets();
  expect(now?.metadata.fileSize).toBe(other.byteLength);
  expect(now?.metadata.annotations.total).toBe(left);
});

test('500 files are one upload; one more is refused before anything is sent, and the limit is named', async () => {
  const names = Array.from({ length: 501 }, (_, at) => `${at}.jpg`);
  await write(Object.fromEntries(names.map((name) => [name, 'x'])));
  await expect(upload(folder)).rejects.toThrow('one upload takes 500 at most; name fewer, in several uploads');
  expect(await requestsTo(CREATE)).toBe(0);
});

test('what cannot be meant is refused before anything is sent', async () => {
  await pictures('x/a.jpg', 'y/a.jpg');
  await mkdir(path.join(folder, 'empty'));
  const [good = ''] = await pictures('good.jpg');
  const cases: [string | string[], UploadOptions, string][] = [
    [[], {}, 'paths: name at least one file or folder'],
    [path.join(folder, 'none.jpg'), {}, 'none.jpg: no such file or folder'],
    [path.join(folder, 'empty'), {}, 'holds no file that the provider takes'],
    [
      [path.join(folder, 'x'), path.join(folder, 'y')],
      {},
      'have one name, which would be one asset; rename one of them',
    ],
    [good, { failureMode: 'Never' }, 'failureMode: must be FailAfterAll or FailAfterOne, not "Never"'],
    [good, { overwriteMode: 'Yes' }, 'overwriteMode: must be RemoveLinkedResource or KeepLinkedResource, not "Yes"'],
    [good, { metadata: JSON.parse('{"a":{"b":1}}') as UploadOptions['metadata'] }, 'metadata.a: must be a text'],
    [good, { metadata: { asset_lifecycle_key: 'k' } }, "is a field of a lifecycle's own tag"],
  ];
  for (const [paths, options, words] of cases) await expect(upload(paths, options)).rejects.toThrow(words);
  expect(await api.control.counters()).toEqual({});
});

test('a session whose answer was lost is cancelled before another is opened', async () => {
  await api.control.addFault({ route: CREATE, drop: 'after', times: 1 });
  expect(await upload(await pictures('a.jpg', 'b.jpg'))).toMatchObject({ totalSucceeded: 2, totalFailed: 0 });
  const { sessions } = await api.control.state();
  expect(sessions.map(({ reason }) => reason).toSorted()).toEqual([null, 'Cancelled'].toSorted());
  expect(await openSessions()).toEqual([]);
});

test('a limit of sessions is waited for as told', async () => {
  await api.control.addFault({ route: CREATE, status: 429, headers: { 'retry-after': '3' }, times: 1 });
  const startedAt = Date.now();
  expect(await upload(await pictures('a.jpg'))).toMatchObject({ totalSucceeded: 1 });
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(3000);
});

test('a file whose URL is refused goes up in another session, and the first one is not left open', async () => {
  await api.control.addFault({ route: UPLOAD_ROUTE, status: 403, times: 1 });
  const result = await upload(await pictures('a.jpg', 'b.jpg'));
  expect(result).toMatchObject({ totalSucceeded: 2, totalFailed: 0 });
  expect(result.sessionIds).toHaveLength(2);
  expect(await openSessions()).toEqual([]);
});

test('a file that cannot be sent fails alone, and its session is not left open for it', async () => {
  await api.control.addFault({ route: UPLOAD_ROUTE, status: 400, times: 1 });
  const result = await upload(await pictures('a.jpg', 'b.jpg', 'c.jpg'));
  expect(result).toMatchObject({ totalSucceeded: 2, totalFailed: 1, failedFiles: [{ type: 'ProviderRejected' }] });
  expect(await openSessions()).toEqual([]);
});

test('looks that fail while it waits are repeated', async () => {
  await api.control.addFault({ route: `GET ${SESSIONS}/{session_id}`, status: 503, times: 2 });
  expect(await upload(await pictures('a.jpg'))).toMatchObject({ totalSucceeded: 1 });
});

test('an abort ends the upload, and leaves no session open', async () => {
  await api.control.setPace({ beforeEffectMs: 100 });
  await api.control.setProcessing({ baseMs: 60_000, msPerMegabyte: 0 });
  const stop = new AbortController();
  const uploading = upload(await pictures('a.jpg', 'b.jpg'), { signal: stop.signal });
  while ((await openSessions()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  stop.abort();
  await expect(uploading).rejects.toThrow('assets.upload: aborted by its caller; it may have had its effect');
  expect(await openSessions()).toEqual([]);
});

test('a deadline ends the wait, says how far it is, and leaves the session to be waited for', async () => {
  await api.control.setProcessing({ baseMs: 1500, msPerMegabyte: 0 });
  const error: unknown = await upload(await pictures('a.jpg'), { deadlineMs: 200 }).catch((thrown: unknown) => thrown);
  expect(failureType(error)).toBe('DeadlineExceeded');
  expect((error as Error).message).toContain('0 of 1 files succeeded and 0 failed so far; it goes on');
  expect(await openSessions()).toHaveLength(1);
});

test('progress rises to all bytes and all files', async () => {
  const paths = await pictures('a.jpg', 'b.jpg');
  const bytes = (await Promise.all(paths.map((file) => readFile(file)))).reduce((sum, one) => sum + one.byteLength, 0);
  const seen: { sentBytes: number; ended: number }[] = [];
  await upload(paths, { onProgress: (progress) => seen.push(progress) });
  expect(seen.at(-1)).toEqual({ totalFiles: 2, totalBytes: bytes, sentBytes: bytes, ended: 2 });
  expect(seen.map(({ sentBytes }) => sentBytes)).toEqual(
    seen.map(({ sentBytes }) => sentBytes).toSorted((a, b) => a - b),
  );
});

test('a provider without sessions says what to do instead', async () => {
  const other = providerPlace(async () => new MemoryProvider());
  await expect(other.assets.upload('a.jpg')).rejects.toThrow('has no upload of many files; start a lifecycle for each');
});
