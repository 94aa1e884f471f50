import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { troubleOrThrow } from '../file-bytes';
import { refused } from '../file-rest';
import { isInside, withRealTop } from './open-inside';
import type { RealPath } from './real-paths';

export const LEADS_OUT = 'is reached by a symlink that leads out of the source roots; put the file itself there';

const OUTSIDE =
  'lies outside the source roots of this worker; put it there, or add its folder to ASSET_LIFECYCLE_SOURCE_ROOTS';

/** Folders that sources may lie in, as configured and without symlinks. */
export interface Roots {
  named: readonly string[];
  real: readonly string[];
}

/** @throws InvalidRequest if there is none */
export async function rootsOf(
  asked: string,
  roots: readonly string[],
  resolve: (root: string) => Promise<string> = (root) => realpath(root),
): Promise<Roots> {
  if (roots.length === 0) {
    throw refused(asked, 'this worker serves no files; name folders in its ASSET_LIFECYCLE_SOURCE_ROOTS');
  }
  return { named: roots, real: await Promise.all(roots.map((root) => resolve(root).catch(() => root))) };
}

interface Locating {
  /** What the path leads to, for messages. */
  what?: string;
  resolve?: (candidate: string) => Promise<RealPath>;
}

/**
 * The path without symlinks, inside a root; nothing outside the roots is touched.
 * @throws InvalidRequest · an error of the system that says nothing of the file
 */
export async function locate(
  file: string,
  { named, real: realRoots }: Roots,
  { what = 'file', resolve = async (candidate) => ({ real: await realpath(candidate) }) }: Locating = {},
): Promise<RealPath> {
  const isBelow = (one: string): boolean => [...named, ...realRoots].some((root) => isInside(root, one));
  const candidates = path.isAbsolute(file)
    ? [() => path.resolve(file), () => withRealTop(file)]
    : named.map((root) => () => path.resolve(root, file));
  let problem: string | undefined;
  for (const make of candidates) {
    const candidate = await make();
    if (!isBelow(candidate)) continue;
    problem ??= `no such ${what}${path.isAbsolute(file) ? '' : ' in any source root of this worker'}`;
    const found = await resolve(candidate).catch(troubleOrThrow);
    if (typeof found !== 'string') {
      if (realRoots.some((root) => isInside(root, found.real))) return found;
      problem = LEADS_OUT;
    } else if (found !== 'ENOENT' && found !== 'ENOTDIR') {
      problem = `cannot be reached (${found})`;
    }
  }
  throw refused(file, problem ?? OUTSIDE);
}

/** @throws InvalidRequest unless it is a regular file with bytes in it */
export function mustBeFile(
  asked: string,
  found: { isDirectory(): boolean; isFile(): boolean; size: bigint | number },
): void {
  if (found.isDirectory()) throw refused(asked, 'is a folder; name a file');
  if (!found.isFile()) throw refused(asked, 'is not a regular file; name one');
  if (Number(found.size) === 0) throw refused(asked, 'is empty; name a file with bytes in it');
}

/** What to say of a file that the worker cannot read, by the code of the system. */
export function unreadable(asked: string, code: string): Error {
  const forbidden = code === 'EACCES' || code === 'EPERM';
  const why = forbidden ? 'permission denied' : code;
  const remedy = forbidden ? 'give its user the right to read it' : 'look at the disk or mount that it lies on';
  return refused(asked, `cannot be read by the worker (${why}); ${remedy}`);
}
