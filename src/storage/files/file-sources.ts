import { stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { factsIn, fileTroubleOf, rangeOfSmallFile, readFileBytes, readSmallFile } from './file-bytes';
import { factsAtRest, refused, REST, type Rest } from './file-rest';
import { LEADS_OUT, locate, mustBeFile, rootsOf, unreadable } from './paths/locate-file';
import { LeadsOut, openInside } from './paths/open-inside';
import { RealPaths, type RealPath } from './paths/real-paths';
import { fileContent } from './source-content';
import type { SourceFile } from './source-file';
import { fileFingerprint } from './source-fingerprint';

export { withRealTop } from './paths/open-inside';

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
  const paths = new RealPaths();
  return {
    async resolve(file, { signal } = {}) {
      const serves = await rootsOf(file, roots, (root) => paths.folder(root));
      const at = await locate(file, serves, { resolve: (candidate) => paths.of(candidate) });
      return inspectFile(file, { ...at, realRoots: serves.real, rest: { ...REST, ...rest }, signal });
    },
  };
}

/** Inside a root. */
interface Located extends RealPath {
  realRoots: readonly string[];
  rest: Rest;
  signal?: AbortSignal;
}

async function inspectFile(asked: string, { real, found, realRoots, rest, signal }: Located): Promise<SourceFile> {
  let handle: FileHandle | undefined;
  try {
    mustBeFile(asked, found ?? (await stat(real, { bigint: true }))); // before it is opened: a device may do something then
    handle = await openInside(real, realRoots);
    const opened = await handle.stat({ bigint: true });
    mustBeFile(asked, opened);
    const { small, ...facts } = await factsAtRest(asked, handle, { ...rest, first: factsIn(opened) }, signal);
    const { sizeBytes } = facts;
    const seen = { path: real, facts, open: () => openInside(real, realRoots) };
    return {
      path: real,
      filename: path.basename(asked),
      sizeBytes,
      small,
      fingerprint: fileFingerprint(facts),
      content: fileContent(facts),
      modifiedAt: new Date(Number(facts.mtimeNs / 1_000_000n)).toISOString(),
      ...(small && { readSmall: () => readSmallFile({ ...seen, small }) }),
      read: (range = { start: 0, end: sizeBytes }, into) => {
        mustLieWithin(sizeBytes, range);
        return Readable.from(
          small && !into ? rangeOfSmallFile({ ...seen, small }, range) : readFileBytes(seen, range, into),
        );
      },
    };
  } catch (error) {
    if (error instanceof LeadsOut) throw refused(asked, LEADS_OUT);
    const code = fileTroubleOf(error);
    if (!code) throw error;
    throw unreadable(asked, code);
  } finally {
    await handle?.close();
  }
}

function mustLieWithin(sizeBytes: number, { start, end }: { start: number; end: number }): void {
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (whole && 0 <= start && start <= end && end <= sizeBytes) return;
  throw new RangeError(`bytes ${start} to ${end} of a file that has ${sizeBytes}`);
}
