import type { Dirent } from 'node:fs';
import { access, constants, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { failure, failureType } from '../../contracts/failures';
import { fileTroubleOf, troubleOrThrow } from './file-bytes';
import { isMissing } from '../results/whole-files';
import { locate, mustBeFile, rootsOf, unreadable, type Roots } from './paths/locate-file';
import type { FileListing, WalkedEntry, WalkOptions } from './source-listing';

/** Files looked at side by side. */
const AT_ONCE = 64;

/** Lists files below `roots` (absolute folders); none means that everything is refused. */
export function createFileListing({ roots }: { roots: readonly string[] }): FileListing {
  let known: Promise<Roots> | undefined;
  const rootsFor = (asked: string): Promise<Roots> => (known ??= rootsOf(asked, roots));
  const look = async (file: string): Promise<{ sizeBytes: number }> => {
    const { real } = await locate(file, await rootsFor(file));
    return lookAt(file, real);
  };
  return {
    look,

    async *walk(folder, options) {
      const named = await rootsFor(folder).catch((error: unknown) => Promise.reject(aboutItems(error)));
      const { real } = await locate(folder, named, { what: 'folder' }).catch((error: unknown) =>
        Promise.reject(aboutItems(error)),
      );
      const behind = options.after === undefined ? [] : options.after.split('/');
      const top = await entriesOf(real).catch((error: unknown) => {
        const code = troubleOrThrow(error);
        const says = code === 'ENOTDIR' ? 'is no folder; name one' : `cannot be listed (${code})`;
        throw failure('InvalidRequest', `items.path: ${folder}: ${says}`);
      });
      yield* walkFolder({ named: folder, real, relative: '' }, top, behind, { look, options });
    },
  };
}

/** Errors about the folder itself name the field of the batch's input. */
const aboutItems = (error: unknown): unknown =>
  failureType(error)
    ? failure('InvalidRequest', (error as Error).message.replace(/^source\.path/, 'items.path'))
    : error;

async function lookAt(asked: string, real: string): Promise<{ sizeBytes: number }> {
  try {
    const found = await stat(real);
    mustBeFile(asked, found);
    await access(real, constants.R_OK);
    return { sizeBytes: found.size };
  } catch (error) {
    const code = fileTroubleOf(error);
    if (!code) throw error;
    if (isMissing(error)) throw failure('InvalidRequest', `source.path: ${asked}: vanished while the batch was listed`);
    throw unreadable(asked, code);
  }
}

/** By the units of their names, so that every walk has the same order. */
const entriesOf = async (folder: string): Promise<Dirent[]> => {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
};

interface Folder {
  /** As the caller named it, for messages; without symlinks; and below the top, empty or with "/" at its end. */
  named: string;
  real: string;
  relative: string;
}

interface Walk {
  look: (file: string) => Promise<{ sizeBytes: number }>;
  options: WalkOptions;
}

async function* walkFolder(
  folder: Folder,
  entries: readonly Dirent[],
  [after, ...behind]: readonly string[],
  walk: Walk,
): AsyncGenerator<WalkedEntry> {
  const { enters = () => true, signal } = walk.options;
  /** And folders that are left out as a whole. */
  let files: Dirent[] = [];
  const flush = async function* (): AsyncGenerator<WalkedEntry> {
    yield* await Promise.all(files.map((entry) => walkedEntry(folder, entry, walk)));
    files = [];
  };
  for (const entry of entries) {
    const { name } = entry;
    if (after !== undefined && (name < after || (name === after && !entry.isDirectory()))) continue;
    if (!entry.isDirectory() || !enters(`${folder.relative}${name}`)) {
      files.push(entry);
      if (files.length >= AT_ONCE) yield* flush();
      continue;
    }
    if (name === after && behind.length === 0) continue; // a folder that could not be listed
    const below = { ...namesIn(folder, name), relative: `${folder.relative}${name}/` };
    yield* flush();
    signal?.throwIfAborted();
    const inside = await entriesOf(below.real).catch(troubleOrThrow);
    if (typeof inside === 'string') {
      const reason = `source.path: ${below.named}: the folder cannot be listed (${inside})`;
      yield { path: `${folder.relative}${name}`, refused: 'InvalidRequest', reason };
    } else yield* walkFolder(below, inside, name === after ? behind : [], walk);
  }
  yield* flush();
}

const namesIn = ({ named, real }: Folder, name: string) => ({
  named: path.join(named, name),
  real: path.join(real, name),
});

async function walkedEntry(folder: Folder, entry: Dirent, { look, options }: Walk): Promise<WalkedEntry> {
  const relative = `${folder.relative}${entry.name}`;
  if (entry.isDirectory() || !options.wants(relative)) return { path: relative, skipped: true };
  const { named, real } = namesIn(folder, entry.name);
  const refuse = (reason: string): WalkedEntry => ({ path: relative, refused: 'InvalidRequest', reason });
  if (entry.name.includes('\ufffd')) return refuse(`source.path: ${named}: its name is not valid UTF-8; rename it`);
  try {
    // a symlink may lead to a folder, or out of the roots; whatever else it is lies where its folder does
    const { sizeBytes } = entry.isSymbolicLink() ? await look(real) : await lookAt(named, real);
    return { path: relative, sizeBytes };
  } catch (error) {
    if (failureType(error) !== 'InvalidRequest') throw error;
    return refuse((error as Error).message);
  }
}
