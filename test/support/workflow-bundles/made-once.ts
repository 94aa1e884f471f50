import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../../..');
const CACHE = path.join(ROOT, 'node_modules/.cache/asset-lifecycle');

/**
 * What takes seconds of a processor to make, and many test files need: it is made once for the same sources, and kept as JSON.
 * @param sources folders of what it is made of; an edit of one of their files makes it anew, and so do other libraries
 */
export async function madeOnce<T>(name: string, sources: readonly string[], make: () => Promise<T>): Promise<T> {
  const file = path.join(CACHE, `${name}.json`);
  const digest = await digestOf(sources);
  const kept = await readKept<T>(file);
  if (kept?.digest === digest) return kept.made;
  const made = await make();
  await mkdir(CACHE, { recursive: true });
  const mine = `${file}.${process.pid}`; // several test files may be at it
  await writeFile(mine, JSON.stringify({ digest, made } satisfies Kept<T>));
  await rename(mine, file);
  return made;
}

interface Kept<T> {
  digest: string;
  made: T;
}

async function readKept<T>(file: string): Promise<Kept<T> | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Kept<T>;
  } catch {
    return undefined;
  }
}

async function digestOf(folders: readonly string[]): Promise<string> {
  const files = await Promise.all(folders.map(filesBelow));
  const hash = createHash('sha256');
  for (const file of [...files.flat().toSorted(), path.join(ROOT, 'package-lock.json')]) {
    const { mtimeMs, size } = await stat(file);
    hash.update(JSON.stringify([file, mtimeMs, size]));
  }
  return hash.digest('hex');
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name));
}
