import type { BigIntStats } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';

/** A path without symlinks. */
export interface RealPath {
  real: string;
  /** What lies there, where that was looked at on the way. */
  found?: BigIntStats;
}

/** So long it is taken for known where a folder lies: many files share the answer. */
const FOLDER_FOR_MS = 1000;
const MOST_FOLDERS = 1000;

/** Resolves paths of files. What is opened then is checked again, so that a folder may be replaced meanwhile. */
export class RealPaths {
  private readonly folders = new Map<string, { real: Promise<string>; until: number }>();

  /** @throws the error of the system call */
  async of(file: string): Promise<RealPath> {
    const real = path.join(await this.folder(path.dirname(file)), path.basename(file));
    const found = await lstat(real, { bigint: true });
    return found.isSymbolicLink() ? { real: await realpath(real) } : { real, found };
  }

  /** Where a folder lies without symlinks. @throws the error of the system call */
  folder(folder: string): Promise<string> {
    const known = this.folders.get(folder);
    if (known && known.until > Date.now()) return known.real;
    if (this.folders.size >= MOST_FOLDERS) this.folders.clear();
    const real = realpath(folder);
    this.folders.set(folder, { real, until: Date.now() + FOLDER_FOR_MS });
    real.catch(() => this.folders.delete(folder)); // it may be there the next time
    return real;
  }
}
