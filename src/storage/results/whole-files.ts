import { access, link, open, rename } from 'node:fs/promises';

/** True when it succeeded; false when the file or its folder does not exist. */
export async function unlessMissing(step: Promise<unknown>): Promise<boolean> {
  try {
    await step;
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** The file or its folder does not exist. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Codes of file systems without hard links, such as some network file systems. */
const NO_HARD_LINK_CODES: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
]);

/**
 * Gives the complete file its final name by a hard link, of which only one can succeed; false if that name is taken.
 * `undefined` where the file system has no hard links.
 */
export async function linkFile(
  temporary: string,
  target: string,
  makeLink: (from: string, to: string) => Promise<void> = link,
): Promise<boolean | undefined> {
  try {
    await makeLink(temporary, target);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!NO_HARD_LINK_CODES.has(code)) throw error;
    return undefined;
  }
}

/** Gives the complete file its final name in one step; false if that name is taken. */
export async function nameFile(temporary: string, target: string): Promise<boolean> {
  const linked = await linkFile(temporary, target);
  if (linked !== undefined) return linked;
  const exists = await unlessMissing(access(target));
  if (!exists) await rename(temporary, target);
  return !exists;
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
