import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFolderResultStore } from '../../src/results/folder-result-store';
import type { ResultStore } from '../../src/results/result-store';

let folder: string;
let store: ResultStore;
beforeEach(async () => {
  folder = path.join(await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-results-')), 'made/on/demand');
  store = createFolderResultStore(folder);
});
afterEach(() => rm(path.resolve(folder, '../../..'), { recursive: true, force: true }));

test('writes a record a line, and says its bytes, lines and hash', async () => {
  const records = Array.from({ length: 2000 }, (_, index) => ({ index, embedding: [index / 7, 'ü'] }));
  const stored = await store.write('asset-lifecycle:twelvelabs:movies/ä b.mp4', records);
  const bytes = await readFile(fileURLToPath(stored.uri));
  expect(stored).toMatchObject({ count: 2000, bytes: bytes.byteLength });
  expect(stored.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect(
    bytes
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(records);
});

test('a repeated write replaces the file and leaves nothing else', async () => {
  const first = await store.write('k', [1]);
  const again = await store.write('k', [1]);
  expect(again).toEqual(first);
  expect(await readdir(folder)).toHaveLength(1);
});

test('names that look alike get files of their own', async () => {
  const [one, other] = [await store.write('a/b', [1]), await store.write('a_b', [2])];
  expect(one.uri).not.toBe(other.uri);
});

test('a write that breaks off leaves the old file and no temporary one', async () => {
  const { uri } = await store.write('k', ['old']);
  const breaking = function* () {
    yield 'new';
    throw new Error('broken');
  };
  await expect(store.write('k', breaking())).rejects.toThrow('broken');
  expect(await readFile(fileURLToPath(uri), 'utf8')).toBe('"old"\n');
  expect(await readdir(folder)).toHaveLength(1);
});

test('removes what it wrote, and says when there was nothing', async () => {
  await store.write('k', [1]);
  expect(await store.remove('k')).toBe(true);
  expect(await store.remove('k')).toBe(false);
  expect(await readdir(folder)).toEqual([]);
});
