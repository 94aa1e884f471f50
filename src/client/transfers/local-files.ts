import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { ItemFacts } from '../../providers/intake';
import { createFileSources } from '../../storage/files/file-sources';
import type { SourceBytes } from '../../storage/files/source-bytes';
import { InvalidInput } from '../../temporal/errors';

export interface LocalFile {
  /** As it was named, or found below a folder that was. */
  path: string;
  filename: string;
  bytes: SourceBytes;
}

export interface LocalFiles {
  files: LocalFile[];
  /** Files of a folder that the provider does not take, by the kind that their names tell. */
  skipped: { path: string; message: string }[];
}

interface Taking {
  /** Most files of one upload. */
  most: number;
  /** @throws if the provider does not take such an item */
  route: (item: ItemFacts) => unknown;
  signal: AbortSignal;
}

/** Files that are looked at side by side. */
const AT_ONCE = 32;

/**
 * The files that these paths name: a file is taken as it is, a folder with everything below it that the provider takes.
 * Reads no more than a sample of each. @throws InvalidInput for a path that is neither, too many files, or two of one name
 */
export async function localFiles(paths: readonly string[], taking: Taking): Promise<LocalFiles> {
  if (paths.length === 0) throw new InvalidInput('paths: name at least one file or folder');
  const found: string[] = [];
  const skipped: LocalFiles['skipped'] = [];
  const add = (file: string): void => {
    found.push(file);
    if (found.length > taking.most) throw new InvalidInput(tooMany(taking.most));
  };
  for (const given of paths) {
    const stats = await statsOf(given);
    if (stats.isFile()) add(given);
    else if (stats.isDirectory()) await addFolder(given, { ...taking, add, skipped });
    else throw new InvalidInput(`paths: ${given}: is neither a file nor a folder`);
  }
  if (found.length === 0) throw new InvalidInput(`paths: ${paths.join(', ')}: holds no file that the provider takes`);
  refuseSameNames(found);
  return { files: await lookAtAll(found, taking.signal), skipped };
}

const tooMany = (most: number): string =>
  `paths: there are more than ${most} files, and one upload takes ${most} at most; name fewer, in several uploads`;

async function statsOf(file: string) {
  try {
    return await stat(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' || code === 'ENOTDIR' ? 'no such file or folder' : `cannot be reached (${code})`;
    throw new InvalidInput(`paths: ${file}: ${why}`, { cause: error });
  }
}

async function addFolder(
  folder: string,
  to: Taking & { add: (file: string) => void; skipped: LocalFiles['skipped'] },
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    to.signal.throwIfAborted();
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) await addFolder(file, to);
    else if (entry.isFile() || (entry.isSymbolicLink() && (await isFileBehind(file)))) {
      const message = whyNotTaken(entry.name, to.route);
      if (message === undefined) to.add(file);
      else to.skipped.push({ path: file, message });
    }
  }
}

const isFileBehind = async (link: string): Promise<boolean> =>
  stat(link).then(
    (stats) => stats.isFile(),
    () => false,
  );

/** By the kind of file alone: a size that is wrong is a failure of its file. */
function whyNotTaken(filename: string, route: Taking['route']): string | undefined {
  try {
    route({ filename, source: 'file', sizeBytes: 1, method: 'auto', field: 'paths' });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** @throws InvalidInput that names both */
function refuseSameNames(files: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const file of files) {
    const name = path.basename(file);
    const other = seen.get(name);
    if (other !== undefined) {
      throw new InvalidInput(`paths: ${other} and ${file} have one name, which would be one asset; rename one of them`);
    }
    seen.set(name, file);
  }
}

async function lookAtAll(files: readonly string[], signal: AbortSignal): Promise<LocalFile[]> {
  const looked: LocalFile[] = [];
  const waiting = [...files.entries()];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [at, file] = next;
      looked[at] = { path: file, filename: path.basename(file), bytes: await bytesOf(file, signal) };
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, files.length) }, lane));
  return looked;
}

/** An empty file is left to the provider's own check, which names its code. */
async function bytesOf(file: string, signal: AbortSignal): Promise<SourceBytes> {
  const absolute = path.resolve(file);
  if ((await statsOf(file)).size === 0) {
    const filename = path.basename(file);
    return { filename, sizeBytes: 0, fingerprint: '', content: 'file:0', read: () => Readable.from([]) };
  }
  try {
    return await createFileSources({ roots: [path.parse(absolute).root] }).resolve(absolute, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new InvalidInput((error as Error).message.replace(/^source\.path: /, 'paths: '), { cause: error });
  }
}
