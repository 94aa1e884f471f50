import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createBatchFiles } from '../../../../src/storage/batches/batch-files';
import { createFolderSharedFiles } from '../../../../src/storage/batches/folder-shared-files';
import { createItemOutcomes, nothingRead } from '../../../../src/storage/batches/item-outcomes';
import { createFolderMarkStore } from '../../../../src/storage/results/folder-mark-store';
import type { SharedFiles } from '../../../../src/storage/batches/shared-files';
import { mustBeStore, storeId } from '../../../../src/storage/batches/store-id';
import { sharedFilesPromises } from '../../../support/batches/shared-files-promises';

let folder: string;
let files: SharedFiles;
beforeEach(async () => {
  folder = path.join(await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-shared-')), 'made/on/demand');
  files = createFolderSharedFiles(folder);
});
afterEach(() => rm(path.resolve(folder, '../../..'), { recursive: true, force: true }));

sharedFilesPromises(() => files);

describe('where the file system has no hard links', () => {
  const link = (): Promise<void> => Promise.reject(Object.assign(new Error('no links here'), { code: 'EPERM' }));
  const withoutLinks = (): SharedFiles => createFolderSharedFiles(folder, 'host-1', { link });

  sharedFilesPromises(withoutLinks);

  test('a name that a worker with links has given is taken, and the other way round', async () => {
    expect(await files.create('claims/1', 'of one')).toBe(true);
    expect(await withoutLinks().create('claims/1', 'of the other')).toBe(false);
    expect(await withoutLinks().create('claims/2', 'of the other')).toBe(true);
    expect(await files.create('claims/2', 'of one')).toBe(false);
    expect([await files.read('claims/1'), await files.read('claims/2')]).toEqual(['of one', 'of the other']);
    expect(await files.list('claims')).toEqual(['1', '2']);
  });
});

test('what a crash left half written is no file', async () => {
  await files.create('pages/1', 'a');
  await writeFile(path.join(folder, 'pages/.0123'), 'half');
  expect(await files.list('pages')).toEqual(['1']);
});

test('all workers of a store know one id, and a worker with another is refused, by name of both', async () => {
  const [one, two] = await Promise.all([storeId(files), storeId(createFolderSharedFiles(folder, 'host-2'))]);
  expect(two).toBe(one);
  expect(await createFolderMarkStore(folder).id()).toBe(one);
  await expect(mustBeStore(files, one)).resolves.toBeUndefined();
  const other = createFolderSharedFiles(path.join(folder, 'other'), 'host-3');
  await expect(mustBeStore(other, one)).rejects.toMatchObject({
    type: 'InvalidRequest',
    message: expect.stringMatching(
      new RegExp(`other on host-3: is another store \\(.*than that of the batch \\(${one}`),
    ),
  });
});

test('a store that has shown to keep to conditional writes is only read', async () => {
  const id = await storeId(files);
  const refusing: SharedFiles['create'] = () => Promise.reject(new Error('nothing is to be written'));
  const create = jest.spyOn(files, 'create').mockImplementation(refusing);
  expect(await storeId(files)).toBe(id);
  create.mockRestore();
  expect(await storeId(createFolderSharedFiles(path.join(folder, 'other')))).not.toBe(id);
});

test('storage that lets a second writer overwrite the first has no id', async () => {
  const overwriting: SharedFiles = {
    ...files,
    create: async (name, content) => {
      await files.remove(name);
      return files.create(name, content);
    },
  };
  await expect(storeId(overwriting)).rejects.toMatchObject({
    type: 'InvalidRequest',
    message: expect.stringContaining('conditional writes'),
  });
});

const batch = { owner: 'ns-1', batchId: 'autumn/2026' };

test('a page that is there stays, and only its own content counts as written', async () => {
  const one = createBatchFiles(files, batch);
  expect(await one.writePage(0, 'a\n')).toBe(true);
  expect(await one.writePage(0, 'a\n')).toBe(true);
  expect(await one.writePage(0, 'b\n')).toBe(false);
  expect(await one.page(0)).toBe('a\n');
  expect(await one.page(1)).toBeUndefined();
  expect(await createBatchFiles(files, { ...batch, owner: 'ns-2' }).page(0)).toBeUndefined();
});

test('the first beginning and the first end of a batch count', async () => {
  const one = createBatchFiles(files, batch);
  expect(await one.begin('{"a":1}')).toBe('{"a":1}');
  expect(await one.begin('{"a":2}')).toBe('{"a":1}');
  await one.close(new Date('2026-11-01'));
  await one.close(new Date('2026-11-02'));
  expect(await one.closedAt()).toEqual(new Date('2026-11-01'));
  await one.reopen();
  expect(await one.closedAt()).toBeUndefined();
});

describe('outcomes', () => {
  const slice = { from: 100, end: 150 };

  test('the last that was written of an item counts, whoever wrote it', async () => {
    const one = createItemOutcomes(files, batch);
    await one.write(slice, [
      { item: 100, key: 'a', phase: 'creating' },
      { item: 101, key: 'b', phase: 'creating' },
    ]);
    await createItemOutcomes(files, batch).write(slice, [{ item: 101, key: 'b', phase: 'failed', outcome: 'failed' }]);
    expect([...(await one.read(slice)).values()]).toEqual([
      { item: 100, key: 'a', phase: 'creating' },
      { item: 101, key: 'b', phase: 'failed', outcome: 'failed' },
    ]);
    expect(await one.ofItem(101)).toMatchObject({ outcome: 'failed' });
    expect(await one.ofItem(102)).toBeUndefined();
    expect(await one.slices()).toEqual([slice]);
  });

  test('two writers of one slice lose nothing', async () => {
    const writers = Array.from({ length: 8 }, (_, index) =>
      createItemOutcomes(files, batch).write(slice, [{ item: 100 + index, key: `k${index}`, phase: 'completed' }]),
    );
    await Promise.all(writers);
    expect((await createItemOutcomes(files, batch).read(slice)).size).toBe(8);
  });

  describe('what was read of a slice before', () => {
    const creating = { item: 100, key: 'a', phase: 'creating' } as const;
    const failed = { item: 101, key: 'b', phase: 'failed', outcome: 'failed' } as const;
    const outcomes = (read = files.read.bind(files)) => createItemOutcomes({ ...files, read }, batch);

    test('is not read again, nor what was written since, and what others add is', async () => {
      const read = nothingRead();
      await (await outcomes().open(slice, read)).write([creating]);
      const reads: string[] = [];
      const counted = outcomes(async (name) => {
        reads.push(name);
        return files.read(name);
      });
      expect([...(await counted.open(slice, read)).known.values()]).toEqual([creating]);
      expect(reads).toEqual([]);

      await outcomes().write(slice, [failed]);
      expect([...(await counted.open(slice, read)).known.values()]).toEqual([creating, failed]);
      expect(reads).toHaveLength(1);
    });

    test('does not let an attempt that was given up write beside the next one', async () => {
      const read = nothingRead();
      const given = await outcomes().open(slice, read);
      const next = await outcomes().open(slice, read);
      await next.write([failed]);
      await expect(given.write([creating])).rejects.toMatchObject({ type: 'WorkerStopping' });
      expect([...(await outcomes().open(slice, read)).known.values()]).toEqual([failed]);
      expect([...(await outcomes().read(slice)).values()]).toEqual([failed]);
    });
  });

  test('of more files than are read at once the last counts', async () => {
    const writer = await createItemOutcomes(files, batch).open(slice);
    for (let nth = 0; nth < 20; nth++) await writer.write([{ item: 100, key: `k${nth}`, phase: 'creating' }]);
    expect([...(await createItemOutcomes(files, batch).read(slice)).values()]).toMatchObject([{ key: 'k19' }]);
  });

  test('a write whose answer was lost is no other attempt’s, though more is to be written by then', async () => {
    let losesAnswer = true;
    const create: SharedFiles['create'] = async (name, content) => {
      const isFirst = await files.create(name, content);
      if (!losesAnswer) return isFirst;
      losesAnswer = false;
      throw new Error('no answer');
    };
    const writer = await createItemOutcomes({ ...files, create }, batch).open(slice);
    const first = { item: 100, key: 'a', phase: 'creating' } as const;
    await expect(writer.write([first])).rejects.toThrow('no answer');
    const second = { item: 101, key: 'b', phase: 'creating' } as const;
    await writer.write([first, second]);
    expect([...(await createItemOutcomes(files, batch).read(slice)).values()]).toEqual([first, second]);
  });

  test('an item of another slice is refused', async () => {
    const write = createItemOutcomes(files, batch).write(slice, [{ item: 150, key: 'a', phase: 'creating' }]);
    await expect(write).rejects.toThrow('item 150 is not of the slice 100 to 150');
  });
});
