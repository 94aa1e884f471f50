import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMissing, linkFile, openNew, syncFolder, unlessMissing, writeNew } from '../results/whole-files';
import type { SharedFiles } from './shared-files';

/** Begins the name of a file that is being written or removed; a crash may leave it. */
const UNFINISHED = '.';
/** Where there are no hard links, a file is a folder with its content: a folder too gets its name only once. */
const CONTENT = 'content';

/**
 * Files below one folder, made on the first write. Workers on several hosts share it only if its file system does.
 * @param link how a hard link is made.
 */
export function createFolderSharedFiles(
  folder: string,
  host = hostname(),
  { link }: { link?: (from: string, to: string) => Promise<void> } = {},
): SharedFiles {
  const at = (name: string): string => path.join(folder, ...name.split('/'));
  const create = async (name: string, content: string): Promise<boolean> => {
    const target = at(name);
    const parent = path.dirname(target);
    const temporary = hiddenIn(parent);
    try {
      await writeNew(temporary, content);
      const created = (await linkFile(temporary, target, link)) ?? (await nameAsFolder(temporary, target));
      if (created) await syncFolder(parent);
      return created;
    } finally {
      await unlessMissing(unlink(temporary)); // `rm` would look at it first
    }
  };
  return {
    uri: pathToFileURL(folder).href,
    host,
    create,

    async createAlike(names, content) {
      const created = new Set<string>();
      const temporary = hiddenIn(folder);
      const handle = await openNew(temporary);
      try {
        await handle.writeFile(content);
        await handle.sync();
        await Promise.all(
          names.map(async (name) => {
            const target = at(name);
            await mkdir(path.dirname(target), { recursive: true });
            if ((await linkFile(temporary, target, link)) ?? (await create(name, content))) created.add(name);
          }),
        );
        await handle.sync(); // file systems with a journal write the names of a file with it
        return created;
      } finally {
        await handle.close();
        await unlessMissing(unlink(temporary));
      }
    },

    async read(name) {
      try {
        return await readFile(at(name), 'utf8').catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'EISDIR') return readFile(path.join(at(name), CONTENT), 'utf8');
          throw error;
        });
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },

    async list(name) {
      const names: string[] = [];
      await unlessMissing(readdir(at(name)).then((found) => names.push(...found)));
      return names.filter((one) => !one.startsWith(UNFINISHED)).sort();
    },

    async remove(name) {
      const gone = hiddenIn(path.dirname(at(name)));
      if (await unlessMissing(rename(at(name), gone))) await rm(gone, { recursive: true, force: true });
    },

    async removeFolder(name) {
      await rm(at(name), { recursive: true, force: true });
    },
  };
}

const hiddenIn = (folder: string): string => path.join(folder, `${UNFINISHED}${randomBytes(6).toString('hex')}`);

/** Gives a folder with the complete file the final name; false if that name is taken. */
async function nameAsFolder(file: string, target: string): Promise<boolean> {
  const folder = hiddenIn(path.dirname(target));
  await mkdir(folder);
  try {
    await rename(file, path.join(folder, CONTENT));
    await rename(folder, target);
    return true;
  } catch (error) {
    if (TAKEN.has((error as NodeJS.ErrnoException).code)) return false;
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a folder is answered whose new name another folder with content has, or a file. */
const TAKEN: ReadonlySet<string | undefined> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOTDIR']);
