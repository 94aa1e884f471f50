import { appendFile, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFileSources } from '../../../src/storage/files/file-sources';
import { openInside } from '../../../src/storage/files/paths/open-inside';
import { fakeReads } from '../../support/file-reads';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-rest-'));
  file = path.join(folder, 'a.mp4');
  await writeFile(file, 'bytes of a');
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

test('a file that changed in the last moments is looked at again, and is taken as it is once it rests', async () => {
  let writes = 3;
  const timer = setInterval(() => (writes-- > 0 ? void appendFile(file, '!') : clearInterval(timer)), 100);
  const { sizeBytes } = await createFileSources({ roots: [folder], restMs: 250, withinMs: 10_000 }).resolve(file);
  expect(sizeBytes).toBe('bytes of a!!!'.length);
});

test('a file that never rests is SourceUnreadable, and says so', async () => {
  const timer = setInterval(() => void appendFile(file, '!'), 10);
  const resolving = createFileSources({ roots: [folder], restMs: 200, withinMs: 600 }).resolve(file);
  await expect(resolving.finally(() => clearInterval(timer))).rejects.toMatchObject({
    type: 'SourceUnreadable',
    message: expect.stringContaining('is still being written'),
  });
});

test('a file that grows while its sample is taken is looked at again', async () => {
  await utimes(file, 1_700_000_000, 1_700_000_000);
  let grown = false;
  await fakeReads((real) => async (...call) => {
    if (!grown) await appendFile(file, '!');
    grown = true;
    return real(...call);
  });
  const found = await createFileSources({ roots: [folder], restMs: 20 }).resolve(file);
  expect(found.sizeBytes).toBe('bytes of a!'.length);
});

test('a cancellation ends the wait for a file to rest', async () => {
  const cancelled = new AbortController();
  const resolving = createFileSources({ roots: [folder], restMs: 60_000 }).resolve(file, { signal: cancelled.signal });
  cancelled.abort(new Error('cancelled'));
  await expect(resolving).rejects.toThrow('cancelled');
});

test('a folder that becomes a symlink after the path was checked leads no reader out of the roots', async () => {
  await mkdir(path.join(folder, 'root/movies'), { recursive: true });
  await mkdir(path.join(folder, 'elsewhere'));
  for (const where of ['root/movies', 'elsewhere']) await writeFile(path.join(folder, where, 'b.mp4'), 'the same');
  const root = path.join(folder, 'root');
  const found = await createFileSources({ roots: [root], restMs: 0 }).resolve('movies/b.mp4');
  await rename(path.join(root, 'movies'), path.join(root, 'old'));
  await symlink(path.join(folder, 'elsewhere'), path.join(root, 'movies'));
  await expect(openInside(found.path, [root])).rejects.toThrow();
  await expect(found.read().toArray()).rejects.toMatchObject({
    type: 'SourceUnreadable',
    message: expect.stringContaining('replaced by a symlink that leads out'),
  });
});

test('nothing of a path outside the roots is touched', async () => {
  await symlink(folder, path.join(folder, 'link'));
  const root = path.join(folder, 'root');
  await mkdir(root);
  const sources = createFileSources({ roots: [root], restMs: 0 });
  for (const outside of [file, path.join(folder, 'missing/x.mp4'), path.join(folder, 'link/root/x.mp4')]) {
    await expect(sources.resolve(outside)).rejects.toThrow(/outside the source roots/);
  }
});
