import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import {
  assetOfMark,
  fileOfMark,
  folderOfMarks,
  isContended,
  MAX_CHANGES,
  STORE_ID_FILE,
  type AssetMark,
  type MarkedAsset,
  type MarkStore,
} from './mark-store';
import { nameFile, syncFolder, unlessMissing } from './whole-files';

/**
 * Marks below the folder of the results. Each asset has a folder with numbered versions of its mark, of which the highest
 * counts: several processes may change a mark, and none loses the change of another.
 */
export function createFolderMarkStore(folder: string, host = hostname()): MarkStore {
  let storeId: Promise<string> | undefined;
  const folderOf = (asset: MarkedAsset): string => path.join(folder, ...folderOfMarks(asset), fileOfMark(asset));
  return {
    host,

    id: () =>
      (storeId ??= keptId(path.join(folder, STORE_ID_FILE)).catch((error: unknown) => {
        storeId = undefined; // it is asked for again
        throw error;
      })),

    read: async (asset) => (await newestIn(folderOf(asset))).mark,

    async change(asset, change) {
      const own = folderOf(asset);
      for (let tries = 0; tries < MAX_CHANGES; tries++) {
        const { version, mark } = await newestIn(own);
        if (await addVersion(own, version + 1, change(mark))) return;
      }
      throw isContended(own);
    },

    remove: (asset) => rm(folderOf(asset), { recursive: true, force: true }),

    async *marked(place) {
      for (const name of await namesIn(path.join(folder, ...folderOfMarks(place)))) {
        const assetId = assetOfMark(name);
        if (assetId !== undefined) yield assetId;
      }
    },
  };
}

async function keptId(file: string): Promise<string> {
  await unlessTaken(file, randomUUID());
  return (await readFile(file, 'utf8')).trim();
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  await unlessMissing(readdir(folder).then((found) => names.push(...found)));
  return names;
}

const VERSION = /^(\d+)\.json$/;

const versionsIn = async (folder: string): Promise<number[]> =>
  (await namesIn(folder)).flatMap((name) => VERSION.exec(name)?.[1] ?? []).map(Number);

const fileOfVersion = (folder: string, version: number): string => path.join(folder, `${version}.json`);

/** Version 0 is that of no mark. */
async function newestIn(folder: string): Promise<{ version: number; mark?: AssetMark }> {
  for (let tries = 0; tries < MAX_CHANGES; tries++) {
    const version = Math.max(0, ...(await versionsIn(folder)));
    if (version === 0) return { version };
    let text: string | undefined;
    await unlessMissing(readFile(fileOfVersion(folder, version), 'utf8').then((content) => (text = content)));
    if (text !== undefined) return { version, mark: JSON.parse(text) as AssetMark };
  }
  throw isContended(folder); // each that was read had been replaced before
}

/** Adds a version, if nobody else has added one since the version before was read; the older ones are removed. */
async function addVersion(folder: string, version: number, mark: AssetMark): Promise<boolean> {
  const file = fileOfVersion(folder, version);
  if (!(await unlessTaken(file, JSON.stringify(mark)))) return false;
  const versions = await versionsIn(folder);
  if (Math.max(...versions) > version) {
    await rm(file, { force: true }); // its number was free again: a later version had replaced it already
    return false;
  }
  const older = versions.filter((one) => one < version);
  await Promise.all(older.map((one) => rm(fileOfVersion(folder, one), { force: true })));
  return true;
}

/** Writes a new file as a whole; false if there is one of that name. */
async function unlessTaken(file: string, content: string): Promise<boolean> {
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    const isNew = await nameFile(temporary, file);
    if (isNew) await syncFolder(path.dirname(file));
    return isNew;
  } finally {
    await rm(temporary, { force: true });
  }
}
