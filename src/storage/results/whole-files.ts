import { access, link, mkdir, open, rename, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

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

const syncs = new Map<string, { underWay?: Promise<void>; next?: Promise<void> }>();

/** Makes the names in a folder durable. Those who ask while it is done share the next time: what they named is in it. */
export function syncFolder(folder: string): Promise<void> {
  const known = syncs.get(folder) ?? {};
  syncs.set(folder, known);
  known.next ??= (known.underWay ?? Promise.resolve())
    .catch(() => {}) // whoever asked for that one hears of it
    .then(() => {
      known.underWay = known.next;
      known.next = undefined;
      return syncNow(folder);
    })
    .finally(() => {
      if (!known.next) syncs.delete(folder);
    });
  return known.next;
}

async function syncNow(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Opens a file that is not there yet, in a folder that is made if it is missing. */
export async function openNew(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'wx');
  } catch (error) {
    if (!isMissing(error)) throw error;
    await mkdir(path.dirname(file), { recursive: true });
    return open(file, 'wx');
  }
}

/** Writes a file that is not there yet; when it returns, the content is on the disk. */
export async function writeNew(file: string, content: string): Promise<void> {
  const handle = await openNew(file);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
