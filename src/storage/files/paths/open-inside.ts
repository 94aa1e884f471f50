import { constants } from 'node:fs';
import { open, readlink, realpath, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

export const isInside = (root: string, file: string): boolean => {
  const below = path.relative(root, file);
  return below !== '..' && !below.startsWith(`..${path.sep}`) && !path.isAbsolute(below);
};

/**
 * An absolute path with its topmost folder resolved (`/tmp` is a symlink on macOS). No more of a caller's path may be
 * resolved before the roots are checked: only the administrator can make a symlink there, and looking at it mounts
 * nothing and waits for nobody.
 */
export async function withRealTop(file: string): Promise<string> {
  const absolute = path.resolve(file);
  const { root } = path.parse(absolute);
  const [top = '', ...below] = absolute.slice(root.length).split(path.sep);
  if (below.length === 0) return absolute;
  const real = await realpath(path.join(root, top)).catch(() => path.join(root, top));
  return path.join(real, ...below);
}

/** The file that was opened lies outside the roots, though its path lay inside when it was looked at. */
export class LeadsOut extends Error {
  override readonly name = 'LeadsOut';
}

/**
 * Opens `real`, a path without symlinks that lies inside one of `roots`. It is the opened file that is checked, so that
 * no symlink which is put in its way meanwhile leads out.
 * Does not wait: a FIFO that took the file's place opens at once, or not at all.
 * @throws LeadsOut · the error of the system call.
 */
export async function openInside(real: string, roots: readonly string[]): Promise<FileHandle> {
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  const handle = await open(real, O_RDONLY | O_NONBLOCK | O_NOFOLLOW).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ELOOP' ? new LeadsOut() : error;
  });
  try {
    const opened = await pathOf(handle, real);
    if (opened === undefined || !roots.some((root) => isInside(root, opened))) throw new LeadsOut();
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Where the opened file lies. Linux tells; elsewhere its path must still lead to it. */
async function pathOf(handle: FileHandle, real: string): Promise<string | undefined> {
  const told = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => undefined);
  if (told !== undefined) return told;
  const again = await realpath(real);
  const [opened, found] = await Promise.all([handle.stat({ bigint: true }), stat(again, { bigint: true })]);
  return opened.ino === found.ino && opened.dev === found.dev ? again : undefined;
}
