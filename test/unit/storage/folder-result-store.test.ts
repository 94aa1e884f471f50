import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFolderResultStore } from '../../../src/storage/results/folder-result-store';
import { resultName } from '../../../src/contracts/resource';
import type { ResultStore } from '../../../src/storage/results/result-store';

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

describe('results of runs', () => {
  const [here, there] = ['0b7c1a52-33c5-4f0e-9d0e-0a1f5c1d2e3f', '7f0e6f3a-98a1-4f51-8a43-2f6f6a0b9c11'];
  const [first, second] = ['019ab000-0000-7000-8000-000000000001', '019ab000-0000-7000-8000-000000000002'];
  const workflowId = 'asset-lifecycle:twelvelabs:movies/../ä b.mp4';
  const nameOf = (owner: string, runId: string): string => resultName({ owner, workflowId, runId });

  test('two namespaces and two runs of one key neither overwrite nor remove each other’s', async () => {
    const names = [nameOf(here, first), nameOf(here, second), nameOf(there, first)];
    const uris = new Set<string>();
    for (const name of names) uris.add((await store.write(name, [name])).uri);
    expect(uris.size).toBe(3);
    expect(await store.remove(nameOf(there, first))).toBe(true);
    const kept = await Promise.all([nameOf(here, first), nameOf(here, second)].map((name) => store.has(name)));
    expect(kept).toEqual([true, true]);
  });

  test('are found by the namespace and workflow id that stored them', async () => {
    for (const runId of [first, second]) await store.write(nameOf(here, runId), [runId]);
    await store.write(nameOf(there, first), [1]);
    const found = await store.namesOf({ owner: here, workflowId });
    expect(found.toSorted()).toEqual([nameOf(here, first), nameOf(here, second)]);
    expect(await store.namesOf({ owner: here, workflowId: 'another' })).toEqual([]);
  });

  test('a foreign file that has the name of a result is left alone', async () => {
    const name = nameOf(here, first);
    const { uri } = await store.write(name, ['ours']);
    expect((await store.write(name, ['ours'])).uri).toBe(uri);
    await expect(store.write(name, ['other'])).rejects.toMatchObject({
      type: 'InvalidRequest',
      details: [{ nothingMade: true }],
      message: expect.stringMatching(
        /^results: .*\.ndjson: a file with other content has the name of this result; it is left alone/,
      ),
    });
    expect(await readFile(fileURLToPath(uri), 'utf8')).toBe('"ours"\n');
    await store.write(name, ['ours anew'], { again: true });
    expect(await readFile(fileURLToPath(uri), 'utf8')).toBe('"ours anew"\n');
    expect(await readdir(path.dirname(fileURLToPath(uri)))).toHaveLength(1);
  });
});
