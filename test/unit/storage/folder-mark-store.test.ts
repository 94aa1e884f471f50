import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFolderMarkStore } from '../../../src/storage/results/folder-mark-store';
import { losesNoChange, markStorePromises } from '../../support/mark-store-promises';

let folder: string;
beforeEach(async () => {
  folder = path.join(await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-marks-')), 'made/on/demand');
});
afterEach(() => rm(path.resolve(folder, '../../..'), { recursive: true, force: true }));

markStorePromises(() => createFolderMarkStore(folder));
losesNoChange(() => createFolderMarkStore(folder));

test('a mark that changes often leaves one file', async () => {
  const store = createFolderMarkStore(folder);
  const asset = { owner: 'o', provider: 'p', place: 'd', assetId: 'a' };
  for (let round = 1; round <= 5; round++) await store.change(asset, () => ({ over: `r${round}`, fields: {} }));
  const [place = ''] = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('_a.json'));
  expect(await readdir(path.join(folder, place))).toEqual(['5.json']);
  expect(await store.read(asset)).toMatchObject({ over: 'r5' });
});

test('files of others beside the marks are left alone', async () => {
  const store = createFolderMarkStore(folder);
  await store.change({ owner: 'o', provider: 'p', place: 'd', assetId: 'a' }, () => ({ over: 'r', fields: {} }));
  await writeFile(path.join(folder, 'marks/_o/_p/_d/notes.txt'), 'mine');
  const ids = [];
  for await (const id of store.marked({ owner: 'o', provider: 'p', place: 'd' })) ids.push(id);
  expect(ids).toEqual(['a']);
});
