import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { failureType } from '../../../src/contracts/failures';
import { createFileSources, type FileSources } from '../../../src/storage/files/file-sources';

let base: string;
let root: string;
let sources: FileSources;
const sockets: Server[] = [];
beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-sources-'));
  root = path.join(base, 'root');
  await mkdir(path.join(root, 'movies'), { recursive: true });
  await writeFile(path.join(root, 'movies/a.mp4'), 'bytes of a');
  await writeFile(path.join(base, 'outside.mp4'), 'outside');
  sources = createFileSources({ roots: [path.join(base, 'empty'), root], restMs: 0 });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await rm(base, { recursive: true, force: true });
});

const errorOf = (file: string, from = sources): Promise<Error> =>
  from.resolve(file).then(
    () => {
      throw new Error('was not refused');
    },
    (error: Error) => error,
  );

test.each(['movies/a.mp4', './movies/../movies/a.mp4'])('finds %s in whichever root has it', async (file) => {
  const found = await sources.resolve(file);
  expect(found).toMatchObject({ filename: 'a.mp4', sizeBytes: 10 });
  expect(Buffer.concat(await collect(found.read())).toString()).toBe('bytes of a');
});

test('finds an absolute path inside a root, also through a link that stays inside', async () => {
  await symlink(path.join(root, 'movies/a.mp4'), path.join(root, 'link.mp4'));
  expect((await sources.resolve(path.join(root, 'movies/a.mp4'))).sizeBytes).toBe(10);
  expect((await sources.resolve('link.mp4')).filename).toBe('link.mp4');
});

test.each<[string, () => Promise<string> | string, RegExp]>([
  ['a missing file', () => 'movies/b.mp4', /no such file/],
  ['a path that climbs out', () => '../outside.mp4', /outside the source roots/],
  ['an absolute path elsewhere', () => path.join(base, 'outside.mp4'), /outside the source roots/],
  ['a folder', () => 'movies', /is a folder/],
  ['the root itself', () => root, /is a folder/],
  ['a root by a relative path', () => '.', /is a folder/],
  [
    'a link that leads out',
    async () => {
      await symlink(path.join(base, 'outside.mp4'), path.join(root, 'out.mp4'));
      return 'out.mp4';
    },
    /symlink that leads out/,
  ],
  [
    'a folder that is a link leading out',
    async () => {
      await mkdir(path.join(base, 'elsewhere'));
      await writeFile(path.join(base, 'elsewhere/c.mp4'), 'outside');
      await symlink(path.join(base, 'elsewhere'), path.join(root, 'linked'));
      return 'linked/c.mp4';
    },
    /symlink that leads out/,
  ],
  [
    'an empty file',
    async () => {
      await writeFile(path.join(root, 'empty.mp4'), '');
      return 'empty.mp4';
    },
    /is empty/,
  ],
  [
    'a FIFO',
    () => {
      execFileSync('mkfifo', [path.join(root, 'pipe.mp4')]);
      return 'pipe.mp4';
    },
    /not a regular file/,
  ],
  [
    'a socket',
    async () => {
      const server = createServer().listen(path.join(root, 'socket.mp4'));
      await once(server, 'listening');
      sockets.push(server);
      return 'socket.mp4';
    },
    /not a regular file/,
  ],
  [
    'a device behind a link',
    async () => {
      await symlink('/dev/zero', path.join(root, 'zero.mp4'));
      return 'zero.mp4';
    },
    /symlink that leads out/,
  ],
])('refuses %s and names the field', async (_name, make, message) => {
  const error = await errorOf(await make());
  expect(failureType(error)).toBe('InvalidRequest');
  expect(error.message).toMatch(/^source\.path: /);
  expect(error.message).toMatch(message);
});

test('refuses a device, also inside a root', async () => {
  const error = await errorOf('zero', createFileSources({ roots: ['/dev'], restMs: 0 }));
  expect(error.message).toMatch(/not a regular file/);
});

test('refuses a file that the worker may not read', async () => {
  const file = path.join(root, 'secret.mp4');
  await writeFile(file, 'x');
  await chmod(file, 0);
  await chmod(base, 0o755);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65534); // nobody: root may read everything
  try {
    expect((await errorOf('secret.mp4')).message).toMatch(/permission denied/);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test('a folder that was not there a moment ago is found', async () => {
  expect((await errorOf('late/a.mp4')).message).toMatch(/no such file/);
  await mkdir(path.join(root, 'late'));
  await writeFile(path.join(root, 'late/a.mp4'), 'now');
  expect((await sources.resolve('late/a.mp4')).sizeBytes).toBe(3);
});

test('a folder that gives way to a link which leads out is noticed, though its place was known', async () => {
  await sources.resolve('movies/a.mp4');
  await mkdir(path.join(base, 'elsewhere'));
  await writeFile(path.join(base, 'elsewhere/a.mp4'), 'somebody else’s');
  await rm(path.join(root, 'movies'), { recursive: true });
  await symlink(path.join(base, 'elsewhere'), path.join(root, 'movies'));
  expect((await errorOf('movies/a.mp4')).message).toMatch(/symlink that leads out/);
});

test('without roots refuses everything and names the variable', async () => {
  const error = await errorOf('movies/a.mp4', createFileSources({ roots: [], restMs: 0 }));
  expect(error.message).toContain('ASSET_LIFECYCLE_SOURCE_ROOTS');
});

test.each<[string, (file: string) => Promise<void>]>([
  ['grew', (file) => appendFile(file, 'more')],
  ['shrank', (file) => writeFile(file, 'x')],
  ['was written to', (file) => utimes(file, new Date(), new Date(0))],
  ['is gone', (file) => rm(file)],
])('a file that %s since it was looked at is SourceUnreadable', async (_name, change) => {
  const found = await sources.resolve('movies/a.mp4');
  await change(path.join(root, 'movies/a.mp4'));
  const reading = collect(found.read());
  await expect(reading).rejects.toMatchObject({ type: 'SourceUnreadable', nonRetryable: true });
});

async function collect(stream: NodeJS.ReadableStream): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return chunks;
}
