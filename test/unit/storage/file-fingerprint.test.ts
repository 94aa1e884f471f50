import { appendFile, copyFile, mkdtemp, open, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFileSources } from '../../../src/storage/files/file-sources';
import { whatChanged } from '../../../src/storage/files/source-fingerprint';
import { fakeReads } from '../../support/file-reads';

const MEBIBYTE = 1024 ** 2;
const LARGE = 64 * MEBIBYTE;

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-fingerprint-'));
  file = path.join(folder, 'a.mp4');
  await writeFile(file, 'bytes of a');
  await setBack();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

/** The time that every file here has, so that only what a test means to change does. */
const setBack = () => utimes(file, 1_700_000_000, 1_700_000_000);

/** Each time as another process would look. */
const look = async (): Promise<string> =>
  (await createFileSources({ roots: [folder], restMs: 0 }).resolve('a.mp4')).fingerprint;

async function overwrite(text: string, position: number): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(text, position);
  await handle.close();
  await setBack();
}

test('is one line of size, time, inode and sample, and the same again', async () => {
  const fingerprint = await look();
  expect(fingerprint).toMatch(/^size=10 mtime=1700000000000000000 inode=\d+ sample=[\w-]{43}$/);
  expect(await look()).toBe(fingerprint);
  expect(whatChanged(fingerprint, await look())).toBeUndefined();
});

test.each<[string, () => Promise<unknown>, string]>([
  ['grew', () => appendFile(file, 'xx'), 'its size, from 10 to 12 bytes'],
  ['was written over, its time set back', () => overwrite('BYTES', 0), 'its content'],
  ['was touched', () => utimes(file, 1_700_000_000, 1_700_000_001), 'its modification time'],
])('says what changed of a file that %s', async (_name, change, words) => {
  const before = await look();
  await change();
  expect(whatChanged(before, await look())).toBe(words);
});

test('a file whose inode alone is another, as after a remount of a network file system, is the same', async () => {
  const before = await look();
  await copyFile(file, path.join(folder, 'copy'));
  await rename(path.join(folder, 'copy'), file);
  await setBack();
  const now = await look();
  expect(now).not.toBe(before);
  expect(whatChanged(before, now)).toBeUndefined();
});

test('a time that a file system has cut to its own unit is the same, any other is not', () => {
  const at = (mtime: string) => `size=10 mtime=${mtime} inode=1 sample=a`;
  expect(whatChanged(at('1700000000123456789'), at('1700000000123456000'))).toBeUndefined();
  expect(whatChanged(at('1700000000000000000'), at('1700000000999999999'))).toBeUndefined();
  expect(whatChanged(at('1700000000123456789'), at('1700000000123456790'))).toBe('its modification time');
  expect(whatChanged(at('1700000000000000000'), at('1700000001000000000'))).toBe('its modification time');
});

test('another file of the same content, written at another time, has taken its place', () => {
  const of = (inode: number, mtime: number) => `size=10 mtime=${mtime} inode=${inode} sample=a`;
  expect(whatChanged(of(1, 1), of(2, 2))).toBe('its inode: another file took its place');
});

test('knows only that other sources changed', () => {
  expect(whatChanged('"etag" 10', '"etag" 10')).toBeUndefined();
  expect(whatChanged('"etag" 10', '"other" 10')).toBe('its content');
});

test.each([
  ['its first byte', 0],
  ['the middle of a block', Math.floor((31 * (LARGE - 65_536)) / 63) + 30_000],
  ['its last byte', LARGE - 1],
])('the sample of a large file notices a change of %s though its time was set back', async (_where, position) => {
  await overwrite('x', LARGE - 1);
  const before = await look();
  await overwrite('y', position);
  expect(whatChanged(before, await look())).toBe('its content');
});

test('the sample does not notice a change between its blocks, but the modification time does', async () => {
  await overwrite('x', LARGE - 1);
  const before = await look();
  await overwrite('y', 100_000);
  expect(await look()).toBe(before);
  await utimes(file, new Date(), new Date());
  expect(whatChanged(before, await look())).toBe('its modification time');
});

test('a file that is being written when it is looked at is refused, and says so', async () => {
  await fakeReads((real) => async (...call) => {
    await appendFile(file, '!');
    return real(...call);
  });
  await expect(look()).rejects.toMatchObject({
    type: 'InvalidRequest',
    message: expect.stringMatching(/is being written \(it changed its size, from 10 to 11 bytes\); start again when/),
  });
});

test('a file that ends before its size, as those of the kernel do, is refused', async () => {
  await fakeReads(() => async () => ({ bytesRead: 0 }));
  await expect(look()).rejects.toMatchObject({
    type: 'InvalidRequest',
    message: expect.stringContaining('has fewer bytes than its size tells'),
  });
});
