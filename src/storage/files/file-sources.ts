import { realpath, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { readFileBytes, fileTroubleOf } from './file-bytes';
import { factsAtRest, refused, REST, type Rest } from './file-rest';
import { isInside, LeadsOut, openInside, withRealTop } from './open-inside';
import { fileContent } from './source-content';
import type { SourceFile } from './source-file';
import { fileFingerprint } from './source-fingerprint';

export { withRealTop } from './open-inside';

/** Finds files that may be sources. */
export interface FileSources {
  /**
   * Checks a path and describes the file behind it; reads no more of it than a sample for its fingerprint. A file that
   * was written to in the last two seconds is waited for.
   * @param file absolute, or relative to one of the roots. Nothing outside the roots is touched.
   * @throws InvalidRequest saying what is wrong with `source.path` and what it may be · SourceUnreadable of a file that
   *   is still being written.
   */
  resolve(file: string, options?: { signal?: AbortSignal }): Promise<SourceFile>;
}

/** Sources below `roots` (absolute folders); none means that every file is refused. */
export function createFileSources({ roots, ...rest }: { roots: readonly string[] } & Partial<Rest>): FileSources {
  return {
    async resolve(file, { signal } = {}) {
      if (roots.length === 0) {
        throw refused(file, 'this worker serves no files; name folders in its ASSET_LIFECYCLE_SOURCE_ROOTS');
      }
      const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
      const real = await locate(file, roots, realRoots);
      return inspectFile(file, { real, realRoots, rest: { ...REST, ...rest }, signal });
    },
  };
}

const LEADS_OUT = 'is reached by a symlink that leads out of the source roots; put the file itself there';

async function locate(file: string, roots: readonly string[], realRoots: readonly string[]): Promise<string> {
  const candidates = path.isAbsolute(file)
    ? [path.resolve(file), await withRealTop(file)]
    : roots.map((root) => path.resolve(root, file));
  const below = candidates.filter((candidate) => [...roots, ...realRoots].some((root) => isInside(root, candidate)));
  let problem = refused(
    file,
    below.length > 0
      ? `no such file${path.isAbsolute(file) ? '' : ' in any source root of this worker'}`
      : 'lies outside the source roots of this worker; put it there, or add its folder to ASSET_LIFECYCLE_SOURCE_ROOTS',
  );
  for (const candidate of below) {
    const real = await realpath(candidate).catch((error: NodeJS.ErrnoException) => error.code ?? 'unknown');
    if (path.isAbsolute(real)) {
      if (realRoots.some((root) => isInside(root, real))) return real;
      problem = refused(file, LEADS_OUT);
    } else if (real !== 'ENOENT' && real !== 'ENOTDIR') {
      problem = refused(file, `cannot be reached (${real})`);
    }
  }
  throw problem;
}

interface Located {
  /** Without symlinks, inside a root. */
  real: string;
  realRoots: readonly string[];
  rest: Rest;
  signal?: AbortSignal;
}

async function inspectFile(asked: string, { real, realRoots, rest, signal }: Located): Promise<SourceFile> {
  let handle: FileHandle | undefined;
  try {
    mustBeFile(asked, await stat(real, { bigint: true })); // before it is opened: a device may do something then
    handle = await openInside(real, realRoots);
    mustBeFile(asked, await handle.stat({ bigint: true }));
    const facts = await factsAtRest(asked, handle, rest, signal);
    const { sizeBytes } = facts;
    return {
      path: real,
      filename: path.basename(asked),
      sizeBytes,
      fingerprint: fileFingerprint(facts),
      content: fileContent(facts),
      modifiedAt: new Date(Number(facts.mtimeNs / 1_000_000n)).toISOString(),
      read: (range = { start: 0, end: sizeBytes }, into) => {
        mustLieWithin(sizeBytes, range);
        return Readable.from(
          readFileBytes({ path: real, facts, open: () => openInside(real, realRoots) }, range, into),
        );
      },
    };
  } catch (error) {
    if (error instanceof LeadsOut) throw refused(asked, LEADS_OUT);
    const code = fileTroubleOf(error);
    if (!code) throw error;
    const forbidden = code === 'EACCES' || code === 'EPERM';
    const why = forbidden ? 'permission denied' : code;
    const remedy = forbidden ? 'give its user the right to read it' : 'look at the disk or mount that it lies on';
    throw refused(asked, `cannot be read by the worker (${why}); ${remedy}`);
  } finally {
    await handle?.close();
  }
}

function mustBeFile(asked: string, found: { isDirectory(): boolean; isFile(): boolean; size: bigint }): void {
  if (found.isDirectory()) throw refused(asked, 'is a folder; name a file');
  if (!found.isFile()) throw refused(asked, 'is not a regular file; name one');
  if (found.size === 0n) throw refused(asked, 'is empty; name a file with bytes in it');
}

function mustLieWithin(sizeBytes: number, { start, end }: { start: number; end: number }): void {
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (whole && 0 <= start && start <= end && end <= sizeBytes) return;
  throw new RangeError(`bytes ${start} to ${end} of a file that has ${sizeBytes}`);
}
