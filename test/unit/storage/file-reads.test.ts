import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFileSources, type FileSources } from '../../../src/storage/files/file-sources';
import type { SourceFile } from '../../../src/storage/files/source-file';
import { fakeReads, systemError } from '../../support/file-reads';

const MEBIBYTE = 1024 ** 2;
const GIBIBYTE = 1024 ** 3;

let base: string;
let root: string;
let file: string;
let sources: FileSources;
beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-reads-'));
  root = path.join(base, 'root');
  await mkdir(root);
  file = path.join(root, 'a.mp4');
  sources = createFileSources({ roots: [root], restMs: 0 });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(base, { recursive: true, force: true });
});

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const rangeOf = (source: SourceFile, start: number, end: number) => collect(source.read({ start, end }));

/** A file of 3 MiB in which every byte tells where it stands. */
async function patterned(): Promise<Buffer> {
  const content = Buffer.from(Uint8Array.from({ length: 3 * MEBIBYTE }, (_, at) => (at * 31 + (at >> 8)) & 255));
  await writeFile(file, content);
  return content;
}

test('ranges that are read side by side make up the file', async () => {
  const content = await patterned();
  const source = await sources.resolve('a.mp4');
  const part = 700_001;
  const starts = Array.from({ length: Math.ceil(content.byteLength / part) }, (_, index) => index * part);
  const parts = await Promise.all(
    starts.map((start) => rangeOf(source, start, Math.min(start + part, content.byteLength))),
  );
  expect(Buffer.concat(parts).equals(content)).toBe(true);
  expect((await collect(source.read())).equals(content)).toBe(true);
});

test('a range is read straight into a buffer that is given, from its start on', async () => {
  const content = await patterned();
  const source = await sources.resolve('a.mp4');
  const [start, end] = [300_001, 2_500_000];
  const into = Buffer.alloc(3 * MEBIBYTE);
  for await (const piece of source.read({ start, end }, into) as AsyncIterable<Buffer>) {
    expect(piece.buffer).toBe(into.buffer);
  }
  expect(into.subarray(0, end - start).equals(content.subarray(start, end))).toBe(true);
  expect(into.subarray(end - start).every((byte) => byte === 0)).toBe(true);
});

test('a small buffer is used again, and three pieces that a reader still holds stay whole meanwhile', async () => {
  const content = await patterned();
  const source = await sources.resolve('a.mp4');
  const [start, end] = [300_001, 2_500_000];
  const into = Buffer.alloc(60_000); // the pattern repeats itself after 64 KiB
  const held: Buffer[] = [];
  const read: Buffer[] = [];
  for await (const piece of source.read({ start, end }, into) as AsyncIterable<Buffer>) {
    expect(piece.buffer).toBe(into.buffer);
    held.push(piece);
    if (held.length > 3) read.push(Buffer.from(held.shift() ?? []));
  }
  expect(Buffer.concat([...read, ...held]).equals(content.subarray(start, end))).toBe(true);
});

test('an empty range has no bytes, and one that is not in the file is a mistake of the caller', async () => {
  await patterned();
  const source = await sources.resolve('a.mp4');
  expect(await rangeOf(source, 5, 5)).toHaveLength(0);
  for (const [start, end] of [
    [-1, 5],
    [0, 3 * MEBIBYTE + 1],
    [6, 5],
    [0, Number.NaN],
  ] as const) {
    expect(() => source.read({ start, end })).toThrow(RangeError);
  }
});

test('a reader that goes away leaves no file open', async () => {
  await patterned();
  const source = await sources.resolve('a.mp4');
  const openBefore = await readdir('/dev/fd');
  const reading = source.read();
  const closed = new Promise((resolve) => reading.once('close', resolve));
  for await (const _ of reading) break;
  await closed;
  expect(await readdir('/dev/fd')).toHaveLength(openBefore.length);
});

test('a sparse file of 5 GB is described by a sample, and its ranges read right', async () => {
  const size = 5 * GIBIBYTE;
  const handle = await open(file, 'w');
  await handle.write('start', 0);
  await handle.write('over 4 GiB', 4 * GIBIBYTE - 5);
  await handle.write('end', size - 3);
  await handle.close();
  let sampled = 0;
  await fakeReads((real) => async (...call) => {
    const answer = await real(...call);
    sampled += answer.bytesRead;
    return answer;
  });
  const source = await sources.resolve('a.mp4');
  expect(source.sizeBytes).toBe(size);
  expect(sampled).toBe(4 * MEBIBYTE);
  expect((await rangeOf(source, 0, 7)).toString()).toBe('start\0\0');
  expect((await rangeOf(source, 4 * GIBIBYTE - 6, 4 * GIBIBYTE + 6)).toString()).toBe('\0over 4 GiB\0');
  expect((await rangeOf(source, size - 4, size)).toString()).toBe('\0end');
  const hole = await rangeOf(source, GIBIBYTE, GIBIBYTE + 2 * MEBIBYTE);
  expect(hole.equals(Buffer.alloc(2 * MEBIBYTE))).toBe(true);
});

const replace = async (content: Buffer): Promise<void> => {
  await writeFile(path.join(base, 'new'), content);
  await rename(path.join(base, 'new'), file);
};

const CHANGES: [string, (content: Buffer) => Promise<unknown>, string][] = [
  ['grows', () => appendFile(file, 'more'), `its size, from ${3 * MEBIBYTE} to ${3 * MEBIBYTE + 4} bytes`],
  ['shrinks', () => truncate(file, 1.5 * MEBIBYTE), `its size, from ${3 * MEBIBYTE} to ${1.5 * MEBIBYTE} bytes`],
  ['is replaced by its like', (content) => replace(content), 'its inode: another file took its place'],
  ['is touched', () => utimes(file, new Date(), new Date(0)), 'its modification time'],
  ['is written over', (content) => writeFile(file, content.toReversed()), 'its modification time'],
  ['is removed', () => rm(file), 'is gone from its path'],
];

test.each(CHANGES)('a file that %s before it is read gives no byte', async (_name, change, words) => {
  const source = await changing(await patterned(), change);
  const received = await readUntilRefused(source);
  expect(received.bytes).toBe(0);
  expect(received.error).toMatchObject({ type: 'SourceUnreadable', nonRetryable: true });
  expect(String(received.error)).toContain(words);
});

test.each(CHANGES)('a file that %s while it is read keeps its last piece', async (_name, change, words) => {
  const content = await patterned();
  const source = await sources.resolve('a.mp4');
  const received = await readUntilRefused(source, () => change(content));
  expect(received.bytes).toBeLessThan(content.byteLength);
  expect(received.bytes).toBeGreaterThan(0);
  expect(received.error).toMatchObject({ type: 'SourceUnreadable', nonRetryable: true });
  expect(String(received.error)).toContain(words);
});

describe('a small file', () => {
  const small = async (): Promise<SourceFile> => {
    await writeFile(file, 'few bytes');
    return sources.resolve('a.mp4');
  };

  test('is given whole, without a stream', async () => {
    expect((await (await small()).readSmall?.())?.toString()).toBe('few bytes');
    await patterned();
    expect(await sources.resolve('a.mp4')).not.toHaveProperty('readSmall');
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ['grows', () => appendFile(file, 'more'), 'its size'],
    ['is touched', () => utimes(file, new Date(), new Date(0)), 'its modification time'],
    ['gets a successor', () => replace(Buffer.from('other one')), 'its'],
    ['is removed', () => rm(file), 'is gone from its path'],
  ])('is not given once it %s', async (_name, change, words) => {
    const source = await small();
    await change();
    await expect(source.readSmall?.()).rejects.toMatchObject({
      type: 'SourceUnreadable',
      message: expect.stringContaining(words) as string,
    });
  });
});

test.each<[string, () => unknown]>([
  ['a FIFO, which would wait for a writer', () => execFileSync('mkfifo', [file])],
  ['a link that leads out', () => symlink('/dev/zero', file)],
])('a file whose place was taken by %s is not read', async (_name, put) => {
  await patterned();
  const source = await sources.resolve('a.mp4');
  await rm(file);
  await put();
  const received = await readUntilRefused(source);
  expect(received.bytes).toBe(0);
  expect(received.error).toMatchObject({ type: 'SourceUnreadable' });
});

test('a part that the disk cannot read is SourceUnreadable, and says where', async () => {
  await patterned();
  const source = await sources.resolve('a.mp4');
  await fakeReads((real) => async (...call) => {
    if (call[3] >= MEBIBYTE) throw systemError('EIO');
    return real(...call);
  });
  expect((await rangeOf(source, 0, MEBIBYTE)).byteLength).toBe(MEBIBYTE);
  const { error } = await readUntilRefused(source);
  expect(error).toMatchObject({ type: 'SourceUnreadable', nonRetryable: true });
  expect(String(error)).toMatch(/source\.path: a\.mp4 could not be read from byte 1048576 on \(EIO\)/);
});

test('a file that the disk cannot read at all is refused before anything is sent', async () => {
  await patterned();
  await fakeReads(() => () => Promise.reject(systemError('EIO')));
  await expect(sources.resolve('a.mp4')).rejects.toMatchObject({
    type: 'InvalidRequest',
    message: expect.stringMatching(/^source\.path: a\.mp4: cannot be read by the worker \(EIO\); look at the disk/),
  });
});

test.each([
  ['a worker that has no file handles left', 'EMFILE'],
  ['a network file system that was mounted again', 'ESTALE'],
  ['a file server that does not answer', 'EHOSTDOWN'],
])('%s says nothing of the file', async (_name, code) => {
  await patterned();
  const source = await sources.resolve('a.mp4');
  await fakeReads(() => () => Promise.reject(systemError(code)));
  expect((await readUntilRefused(source)).error).toMatchObject({ code });
  await expect(sources.resolve('a.mp4')).rejects.toMatchObject({ code });
});

test('an error of the reader is not taken for one of the file', async () => {
  await patterned();
  const reading = (await sources.resolve('a.mp4')).read();
  const reset = systemError('ECONNRESET');
  await once(reading, 'readable');
  reading.destroy(reset);
  const [error] = (await once(reading, 'error')) as [unknown];
  expect(error).toBe(reset);
});

async function changing(content: Buffer, change: (content: Buffer) => Promise<unknown>): Promise<SourceFile> {
  const source = await sources.resolve('a.mp4');
  await change(content);
  return source;
}

async function readUntilRefused(source: SourceFile, afterFirst?: () => Promise<unknown>) {
  let bytes = 0;
  try {
    for await (const piece of source.read() as AsyncIterable<Buffer>) {
      if (bytes === 0) await afterFirst?.();
      bytes += piece.byteLength;
    }
  } catch (error) {
    return { bytes, error };
  }
  throw new Error('was not refused');
}
