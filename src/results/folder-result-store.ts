import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { resultFilename, writeNdjson } from './ndjson-file';
import type { ResultStore } from './result-store';

/** Results as NDJSON files in one folder, made on the first write. */
export function createFolderResultStore(folder: string): ResultStore {
  return {
    async write(name, records) {
      await mkdir(folder, { recursive: true });
      const target = path.join(folder, resultFilename(name));
      const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
      try {
        const written = await writeNdjson(temporary, records);
        await rename(temporary, target); // atomic: a reader sees the old file or the new one
        await syncFolder(folder);
        return { uri: pathToFileURL(target).href, ...written };
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },

    async remove(name) {
      const target = path.join(folder, resultFilename(name));
      return rm(target).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return false;
          throw error;
        },
      );
    },
  };
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
