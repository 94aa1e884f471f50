import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ResultStore, StoredResult } from './result-store';

/** Lines are gathered to writes of about this size. */
const WRITE_BYTES = 256 * 1024;

/** Results as NDJSON files in one folder, made on the first write. */
export function createFolderResultStore(folder: string): ResultStore {
  return {
    async write(name, records) {
      await mkdir(folder, { recursive: true });
      const target = path.join(folder, fileNameOf(name));
      const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
      try {
        const written = await writeLines(temporary, records);
        await rename(temporary, target); // atomic: a reader sees the old file or the new one
        await syncFolder(folder);
        return { uri: pathToFileURL(target).href, ...written };
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },

    async remove(name) {
      const target = path.join(folder, fileNameOf(name));
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

async function writeLines(file: string, records: Iterable<unknown>): Promise<Omit<StoredResult, 'uri'>> {
  const handle = await open(file, 'wx');
  try {
    const hash = createHash('sha256');
    let [bytes, count, pending] = [0, 0, ''];
    const flush = async (): Promise<void> => {
      const chunk = Buffer.from(pending);
      pending = '';
      hash.update(chunk);
      bytes += chunk.byteLength;
      await handle.writeFile(chunk);
    };
    for (const record of records) {
      pending += `${JSON.stringify(record)}\n`;
      count += 1;
      if (pending.length >= WRITE_BYTES) await flush();
    }
    await flush();
    await handle.sync();
    return { sha256: hash.digest('hex'), bytes, count };
  } finally {
    await handle.close();
  }
}

/** Readable, and unique by the hash of the whole name. */
function fileNameOf(name: string): string {
  const readable = name.replaceAll(/[^\w.-]+/g, '_').slice(-80);
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${readable}-${hash}.ndjson`;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
