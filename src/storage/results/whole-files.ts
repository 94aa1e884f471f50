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
 * Gives the complete file its final name in one step; false if that name is taken.
 * @throws the error of the system call, with `linksOnly` also where the file system has no hard links: without them two
 *   writers may both be told that they were first.
 */
export async function nameFile(temporary: string, target: string, { linksOnly = false } = {}): Promise<boolean> {
  try {
    await link(temporary, target);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (linksOnly || !NO_HARD_LINK_CODES.has(code)) throw error;
  }
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
