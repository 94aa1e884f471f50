import { createReadStream } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { failure } from '../contracts/failures';
import type { SourceFile } from './source-file';

/** Finds files that may be sources. */
export interface FileSources {
  /**
   * Checks a path and describes the file behind it; opens it, but does not read it.
   * @param file absolute, or relative to one of the roots.
   * @throws InvalidRequest saying what is wrong with `source.path` and what it may be.
   */
  resolve(file: string): Promise<SourceFile>;
}

/** Sources below `roots` (absolute folders); none means that every file is refused. */
export function createFileSources({ roots }: { roots: readonly string[] }): FileSources {
  return {
    async resolve(file) {
      if (roots.length === 0) {
        throw refused(file, 'this worker serves no files; name folders in its ASSET_LIFECYCLE_SOURCE_ROOTS');
      }
      const real = await locate(file, roots);
      return describe(file, real);
    },
  };
}

async function locate(file: string, roots: readonly string[]): Promise<string> {
  const candidates = path.isAbsolute(file) ? [file] : roots.map((root) => path.join(root, file));
  const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
  let problem = refused(file, `no such file${path.isAbsolute(file) ? '' : ' in any source root of this worker'}`);
  for (const candidate of candidates) {
    const real = await realpath(candidate).catch((error: NodeJS.ErrnoException) => error.code ?? 'unknown');
    if (!path.isAbsolute(real)) {
      if (real !== 'ENOENT' && real !== 'ENOTDIR') problem = refused(file, `cannot be reached (${real})`);
      continue;
    }
    if (realRoots.some((root) => isInside(root, real))) return real;
    const below = [...roots, ...realRoots].some((root) => isInside(root, path.resolve(candidate)));
    problem = refused(
      file,
      below
        ? 'is reached by a symlink that leads out of the source roots; put the file itself there'
        : 'lies outside the source roots of this worker; put it there, or add its folder to ASSET_LIFECYCLE_SOURCE_ROOTS',
    );
  }
  throw problem;
}

const isInside = (root: string, file: string): boolean => {
  const below = path.relative(root, file);
  return below !== '..' && !below.startsWith(`..${path.sep}`) && !path.isAbsolute(below);
};

async function describe(asked: string, real: string): Promise<SourceFile> {
  const facts = await stat(real);
  if (facts.isDirectory()) throw refused(asked, 'is a folder; name a file');
  if (!facts.isFile()) throw refused(asked, 'is not a regular file; name one');
  if (facts.size === 0) throw refused(asked, 'is empty; name a file with bytes in it');
  await open(real, 'r').then(
    (handle) => handle.close(),
    (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EACCES' ? 'permission denied' : error.code;
      throw refused(asked, `cannot be read by the worker (${why}); give its user the right to read it`);
    },
  );
  const { size: sizeBytes, mtimeMs } = facts;
  const filename = path.basename(asked);
  return { path: real, filename, sizeBytes, mtimeMs, read: () => Readable.from(bytesOf(real, sizeBytes, mtimeMs)) };
}

/** The bytes of the file as it was looked at; a file that changed meanwhile is no source. */
async function* bytesOf(real: string, sizeBytes: number, mtimeMs: number): AsyncGenerator<Buffer> {
  const changed = (what: string) =>
    failure('SourceUnreadable', `source.path: ${path.basename(real)} ${what}; start again with a file that rests`);
  const handle = await open(real, 'r').catch((error: NodeJS.ErrnoException) => {
    throw changed(`could not be opened (${error.code})`);
  });
  try {
    const unchanged = async (): Promise<void> => {
      const now = await handle.stat();
      if (now.size !== sizeBytes) throw changed(`changed from ${sizeBytes} to ${now.size} bytes while it was read`);
      if (now.mtimeMs !== mtimeMs) throw changed('was written to while it was read');
    };
    await unchanged();
    let sent = 0;
    const stream = createReadStream('', {
      fd: handle.fd,
      autoClose: false,
      end: sizeBytes - 1,
      start: 0,
      highWaterMark: 256 * 1024,
    });
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        sent += chunk.byteLength;
        if (sent >= sizeBytes) await unchanged(); // before the last piece goes out, so that a change aborts the upload
        yield chunk;
      }
    } catch (error) {
      if (error instanceof Error && 'syscall' in error)
        throw changed(`could not be read (${(error as NodeJS.ErrnoException).code})`);
      throw error;
    }
    if (sent < sizeBytes) throw changed(`ended after ${sent} of ${sizeBytes} bytes`);
  } finally {
    await handle.close();
  }
}

const refused = (file: string, problem: string) => failure('InvalidRequest', `source.path: ${file}: ${problem}`);
