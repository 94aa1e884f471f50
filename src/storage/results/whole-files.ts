import { access, link, open, rename } from 'node:fs/promises';

/** True when it succeeded; false when the file or its folder does not exist. */
export async function unlessMissing(step: Promise<unknown>): Promise<boolean> {
  try {
    await step;
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw error;
  }
}

/** Codes of file systems without hard links, such as some network file systems. */
const NO_HARD_LINK_CODES: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
]);

/** Gives the complete file its final name in one step; false if that name is taken. */
export async function nameFile(temporary: string, target: string): Promise<boolean> {
  try {
    await link(temporary, target);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!NO_HARD_LINK_CODES.has(code)) throw error;
  }
  const exists = await unlessMissing(access(target));
  if (!exists) await rename(temporary, target);
  return !exists;
}

/** The names in the folder are on the disk when it returns. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
