import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, readdir, rename, rm, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { resultName } from '../../contracts/resource';
import { writeNdjson } from './ndjson-file';
import { folderOf, resultPlace, runOfFile } from './result-place';
import { nameIsTaken, type ResultStore } from './result-store';
import { nameFile, syncFolder, unlessMissing } from './whole-files';

/** Results as NDJSON files below one folder, made on the first write. */
export function createFolderResultStore(folder: string, host = hostname()): ResultStore {
  const fileOf = (name: string): string => {
    const place = resultPlace(name);
    return path.join(folder, ...place.folder, place.file);
  };
  return {
    host,

    async write(name, records, { again = false } = {}) {
      const target = fileOf(name);
      const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
      try {
        const written = await writeNdjson(temporary, records);
        if (again) await rename(temporary, target);
        else if (!(await nameFile(temporary, target)) && (await hashOf(target)) !== written.sha256) {
          throw nameIsTaken(target);
        }
        await syncFolder(path.dirname(target));
        return { uri: pathToFileURL(target).href, ...written, host };
      } finally {
        await unlessMissing(unlink(temporary));
      }
    },

    has: (name) => unlessMissing(access(fileOf(name))),

    remove: (name) => unlessMissing(rm(fileOf(name))),

    async namesOf(lifecycle) {
      const files: string[] = [];
      await unlessMissing(readdir(path.join(folder, ...folderOf(lifecycle))).then((found) => files.push(...found)));
      const runs = files.map(runOfFile).filter((runId) => runId !== undefined);
      return runs.map((runId) => resultName({ ...lifecycle, runId }));
    },
  };
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) hash.update(piece);
  return hash.digest('hex');
}
