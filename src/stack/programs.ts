import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

export type Environment = Readonly<Record<string, string | undefined>>;
export type OnProgress = (line: string) => void;

export const run = promisify(execFile);

/** A program or server is not available here; the message says what was tried and what to do. */
export class ProgramUnavailable extends Error {
  override readonly name = 'ProgramUnavailable';
}

/** Folder for downloaded and built programs, outside the checkout. */
export const cacheFolder = (environment: Environment): string =>
  path.join(environment.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'asset-lifecycle');

/** The first of the names that is on PATH, as an absolute path. */
export async function onPath(names: readonly string[], environment: Environment): Promise<string | undefined> {
  for (const name of names) {
    for (const folder of (environment.PATH ?? '').split(path.delimiter).filter(Boolean)) {
      const file = path.join(folder, name);
      if (await isExecutable(file)) return file;
    }
  }
  return undefined;
}

export const isExecutable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

/** Runs `make`. If another process runs it already, waits for that process instead. Takes over the lock of a dead process. */
export async function exclusively(lock: string, onProgress: OnProgress, make: () => Promise<void>): Promise<void> {
  await mkdir(path.dirname(lock), { recursive: true });
  for (let waiting = 0; ; waiting++) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
      if (holder && !isAlive(holder)) await rm(lock, { force: true });
      else if (waiting % 30 === 0) onProgress(`another process (${holder}) is at it; waiting for it`);
      await delay(1000);
    }
  }
  try {
    await make();
  } finally {
    await rm(lock, { force: true });
  }
}

/** True if a process has that id, whoever's it is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
