import { randomBytes, randomUUID } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import type { DocumentPath, Documents } from './documents';
import { isContended, markStoreOf, MAX_CHANGES, STORE_ID_FILE, type MarkStore } from './mark-store';
import { nameFile, syncFolder, unlessMissing, writeNew } from './whole-files';

/** Marks below the folder of the results. */
export const createFolderMarkStore = (folder: string, host = hostname()): MarkStore =>
  markStoreOf(folderDocuments(folder, host));

/**
 * Each document has a folder with numbered versions, of which the highest counts: several processes may change a document,
 * and none loses the change of another.
 */
function folderDocuments(root: string, host: string): Documents {
  let storeId: Promise<string> | undefined;
  const folderOf = (document: DocumentPath): string => path.join(root, ...document);
  return {
    host,

    id: () =>
      (storeId ??= keptId(path.join(root, STORE_ID_FILE)).catch((error: unknown) => {
        storeId = undefined; // it is asked for again
        throw error;
      })),

    read: async (document) => (await newestIn(folderOf(document))).text,

    async change(document, change) {
      const own = folderOf(document);
      for (let tries = 0; tries < MAX_CHANGES; tries++) {
        const { version, text } = await newestIn(own);
        const changed = change(text);
        if (changed === text || (await addVersion(own, version + 1, changed))) return;
      }
      throw isContended(own);
    },

    remove: (document) => rm(folderOf(document), { recursive: true, force: true }),

    async *namesIn(folder) {
      yield* await namesIn(folderOf(folder));
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

/** Version 0 is that of no document. */
async function newestIn(folder: string): Promise<{ version: number; text?: string }> {
  for (let tries = 0; tries < MAX_CHANGES; tries++) {
    const version = Math.max(0, ...(await versionsIn(folder)));
    if (version === 0) return { version };
    let text: string | undefined;
    await unlessMissing(readFile(fileOfVersion(folder, version), 'utf8').then((content) => (text = content)));
    if (text !== undefined) return { version, text };
  }
  throw isContended(folder); // each that was read had been replaced before
}

/** Adds a version, if nobody else has added one since the version before was read; the older ones are removed. */
async function addVersion(folder: string, version: number, text: string): Promise<boolean> {
  const file = fileOfVersion(folder, version);
  if (!(await unlessTaken(file, text))) return false;
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
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeNew(temporary, content);
    const isNew = await nameFile(temporary, file);
    if (isNew) await syncFolder(path.dirname(file));
    return isNew;
  } finally {
    await rm(temporary, { force: true });
  }
}
