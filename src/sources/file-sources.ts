import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { failure } from '../contracts/failures';
import { bytesOf, factsIn, fileTroubleOf, openFile, sampleOf } from './file-bytes';
import { fileContent } from './source-content';
import type { SourceFile } from './source-file';
import { changeOf, fileFingerprint, type FileFacts } from './source-fingerprint';

/** Finds files that may be sources. */
export interface FileSources {
  /**
   * Checks a path and describes the file behind it; reads no more of it than a sample for its fingerprint.
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
  try {
    const found = await stat(real, { bigint: true });
    if (found.isDirectory()) throw refused(asked, 'is a folder; name a file');
    if (!found.isFile()) throw refused(asked, 'is not a regular file; name one'); // before it is opened: a FIFO waits
    if (found.size === 0n) throw refused(asked, 'is empty; name a file with bytes in it');
    const facts = await sampled(asked, real, factsIn(found));
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
        return Readable.from(bytesOf({ path: real, facts }, range, into));
      },
    };
  } catch (error) {
    const code = fileTroubleOf(error);
    if (!code) throw error;
    const forbidden = code === 'EACCES' || code === 'EPERM';
    const why = forbidden ? 'permission denied' : code;
    const remedy = forbidden ? 'give its user the right to read it' : 'look at the disk or mount that it lies on';
    throw refused(asked, `cannot be read by the worker (${why}); ${remedy}`);
  }
}

/** The facts with a sample, which was of the file that they tell of. */
async function sampled(asked: string, real: string, facts: FileFacts): Promise<FileFacts> {
  const handle = await openFile(real);
  try {
    const sample = await sampleOf(handle, facts.sizeBytes);
    const change = changeOf(facts, factsIn(await handle.stat({ bigint: true })));
    if (change) throw refused(asked, `is being written (it changed ${change}); start again when it rests`);
    if (sample === undefined) throw refused(asked, 'has fewer bytes than its size tells; name a file that holds media');
    return { ...facts, sample };
  } finally {
    await handle.close();
  }
}

function mustLieWithin(sizeBytes: number, { start, end }: { start: number; end: number }): void {
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (whole && 0 <= start && start <= end && end <= sizeBytes) return;
  throw new RangeError(`bytes ${start} to ${end} of a file that has ${sizeBytes}`);
}

const refused = (file: string, problem: string) => failure('InvalidRequest', `source.path: ${file}: ${problem}`);
