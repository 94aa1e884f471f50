import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { failure } from '../../contracts/failures';
import { isMissing, nameFile, syncFolder, unlessMissing } from '../results/whole-files';
import type { SharedFiles } from './shared-files';

/** Begins the name of a file that is being written; a crash may leave it. */
const UNFINISHED = '.';

/** Files below one folder, made on the first write. Workers on several hosts share it only if its file system does. */
export function createFolderSharedFiles(folder: string, host = hostname()): SharedFiles {
  const at = (name: string): string => path.join(folder, ...name.split('/'));
  return {
    uri: pathToFileURL(folder).href,
    host,

    async create(name, content) {
      const target = at(name);
      const parent = path.dirname(target);
      await mkdir(parent, { recursive: true });
      const temporary = path.join(parent, `${UNFINISHED}${randomBytes(6).toString('hex')}`);
      try {
        await writeWhole(temporary, content);
        const created = await nameFile(temporary, target, { linksOnly: true }).catch((error: NodeJS.ErrnoException) => {
          throw error.code === 'ENOENT' ? error : noLinks(folder, error);
        });
        if (created) await syncFolder(parent);
        return created;
      } finally {
        await rm(temporary, { force: true });
      }
    },

    async read(name) {
      try {
        return await readFile(at(name), 'utf8');
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
      await unlessMissing(rm(at(name)));
    },

    async removeFolder(name) {
      await rm(at(name), { recursive: true, force: true });
    },
  };
}

async function writeWhole(file: string, content: string): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const noLinks = (folder: string, { code = 'unknown' }: NodeJS.ErrnoException) =>
  failure(
    'InvalidRequest',
    `results: ${folder}: its file system cannot make a hard link (${code}), by which workers agree who was first; use ` +
      'another folder, or ASSET_LIFECYCLE_RESULTS=s3://bucket/prefix',
  );
