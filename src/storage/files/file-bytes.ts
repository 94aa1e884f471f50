import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { failure } from '../../contracts/failures';
import { LeadsOut } from './paths/open-inside';
import { changeOf, type FileFacts } from './source-fingerprint';

const PIECE_BYTES = 1024 ** 2;
/** Of a buffer that is used again while pieces of it are still on their way. */
const PIECES_IN_RING = 8;
const BLOCK_BYTES = 64 * 1024;
const BLOCKS = 64;

/**
 * Error codes of the worker or a mount, not of the file: another attempt may succeed. A mount that came back gives
 * ESTALE for files that were open before.
 */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  ...['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EINTR'],
  ...['ESTALE', 'ENOTCONN', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENETDOWN', 'ENETUNREACH', 'ETIMEDOUT'],
]);

/** The error's code, if the file or folder is the cause. */
export function fileTroubleOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('syscall' in error)) return undefined;
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  return TRANSIENT_CODES.has(code) ? undefined : code;
}

/** Gives the code of what the file or folder itself is the cause of. @throws any other error: an attempt later may succeed */
export function troubleOrThrow(error: unknown): string {
  const code = fileTroubleOf(error);
  if (code === undefined) throw error;
  return code;
}

export const factsIn = ({ size, mtimeNs, ino }: BigIntStats): FileFacts => ({
  sizeBytes: Number(size),
  mtimeNs,
  inode: ino,
});

/**
 * SHA-256 over at most 4 MiB of the content: all of a file up to that size, else 64 blocks of 64 KiB, evenly spread, of
 * which one is the first and one the last. It costs the same whatever the size.
 * It notices other media, another encoding, bytes put in or taken out (what follows them moves), and changed headers
 * and trailers. It does not notice bytes of a larger file overwritten in place between the blocks; the modification
 * time does, unless it was set back, or both writes fall into one tick of the file system's clock.
 * @returns `undefined` when the file ended before its size.
 */
export async function sampleOf(handle: FileHandle, sizeBytes: number): Promise<Sample | undefined> {
  const hash = createHash('sha256');
  const whole = sizeBytes <= BLOCKS * BLOCK_BYTES;
  const blocks = whole ? Math.ceil(sizeBytes / BLOCK_BYTES) : BLOCKS;
  const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, sizeBytes));
  for (let index = 0; index < blocks; index++) {
    const start = whole ? index * BLOCK_BYTES : Math.floor((index * (sizeBytes - BLOCK_BYTES)) / (BLOCKS - 1));
    const expected = Math.min(BLOCK_BYTES, sizeBytes - start);
    for (let filled = 0; filled < expected;) {
      const { bytesRead } = await handle.read(block, filled, expected - filled, start + filled);
      if (bytesRead === 0) return undefined;
      filled += bytesRead;
    }
    hash.update(block.subarray(0, expected));
  }
  return { sha256: hash.digest('base64url'), ...(sizeBytes <= BLOCK_BYTES && { small: block.subarray(0, sizeBytes) }) };
}

/** What was seen of a file's content. */
interface Sample {
  /** base64url */
  sha256: string;
  /** All of a file of one block. */
  small?: Buffer;
}

/** A file as it was looked at. */
interface SeenFile {
  path: string;
  facts: FileFacts;
}

/** Compares a file with what was seen of it, and tells its troubles as failures. */
class FileWatch {
  constructor(private readonly file: SeenFile) {}

  /** The file at its path, which also tells that it was replaced. */
  async atItsPath(): Promise<FileFacts> {
    const found = stat(this.file.path, { bigint: true });
    return factsIn(await this.asFileTrouble(found, 'could not be looked at again'));
  }

  mustBeSame(was: FileFacts, is: FileFacts): void {
    const change = changeOf(was, is);
    if (change) throw this.unreadable(`changed since it was looked at: ${change}`);
  }

  /** Only around calls on the file: an error of the reader, which arrives at the `yield`, must not count as one. */
  async asFileTrouble<T>(step: Promise<T>, what: string): Promise<T> {
    try {
      return await step;
    } catch (error) {
      if (error instanceof LeadsOut)
        throw this.unreadable('was replaced by a symlink that leads out of the source roots');
      const code = fileTroubleOf(error);
      if (!code) throw error;
      throw this.unreadable(code === 'ENOENT' ? 'is gone from its path' : `${what} (${code})`);
    }
  }

  unreadable(what: string): Error {
    const name = path.basename(this.file.path);
    return failure('SourceUnreadable', `source.path: ${name} ${what}; start again with a file that rests`);
  }
}

/**
 * The bytes of `range` (`end` exclusive) of the file as it was looked at, a piece at a time. A file that changed, was
 * replaced or removed since then is no source, and the last piece is held back until that is known, so that an upload
 * of a file that changed under it cannot come to its end. With `into` they are views of it, as large as the
 * system reads them, or smaller where it is used again: see `SourceBytes.read`.
 */
export async function* readFileBytes(
  file: SeenFile & { open: () => Promise<FileHandle> },
  { start, end }: { start: number; end: number },
  into?: Buffer,
): AsyncGenerator<Buffer> {
  const watch = new FileWatch(file);
  const pieceAt = (position: number): Buffer => {
    const left = end - position;
    if (!into) return Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, left));
    if (into.byteLength >= end - start) return into.subarray(position - start, end - start);
    const from = (position - start) % into.byteLength;
    return into.subarray(from, from + Math.min(left, Math.ceil(into.byteLength / PIECES_IN_RING)));
  };
  let at = start;
  const handle = await watch.asFileTrouble(file.open(), 'could not be opened');
  try {
    const opened = factsIn(await handle.stat({ bigint: true }));
    const moved = opened.inode !== file.facts.inode; // perhaps by a network file system: compare the content
    const sample = moved
      ? await watch.asFileTrouble(sampleOf(handle, opened.sizeBytes), 'could not be read again')
      : undefined;
    watch.mustBeSame(file.facts, { ...opened, sample: sample?.sha256 });
    while (at < end) {
      const piece = pieceAt(at);
      const reading = handle.read(piece, 0, piece.byteLength, at);
      const { bytesRead } = await watch.asFileTrouble(reading, `could not be read from byte ${at} on`);
      at += bytesRead;
      if (bytesRead === 0 || at === end) {
        watch.mustBeSame({ ...opened, mtimeNs: file.facts.mtimeNs }, await watch.atItsPath());
      }
      if (bytesRead === 0) throw watch.unreadable(`ended after ${at} of ${file.facts.sizeBytes} bytes`);
      yield piece.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** A file whose content is in memory since it was looked at: it need not be opened again, unless it was moved. */
type SmallFile = SeenFile & { open: () => Promise<FileHandle>; small: Buffer };

/** All of a small file, as {@link readFileBytes} gives it. */
export async function readSmallFile(file: SmallFile): Promise<Buffer> {
  const watch = new FileWatch(file);
  const now = await watch.atItsPath();
  if (now.inode !== file.facts.inode) {
    const pieces: Buffer[] = [];
    for await (const piece of readFileBytes(file, { start: 0, end: file.small.byteLength })) pieces.push(piece);
    return Buffer.concat(pieces);
  }
  watch.mustBeSame(file.facts, now);
  return file.small;
}

export async function* rangeOfSmallFile(
  file: SmallFile,
  { start, end }: { start: number; end: number },
): AsyncGenerator<Buffer> {
  const bytes = await readSmallFile(file);
  if (start < end) yield bytes.subarray(start, end);
}
