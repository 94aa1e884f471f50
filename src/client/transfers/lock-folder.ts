import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { InvalidInput } from '../../temporal/errors';

/** No name of unfinished content looks so: those are encoded. */
const LOCK = '@lock';
/** A download that ends takes the folder away, which another one may have just made. */
const MAX_TRIES = 5;

/**
 * Makes the folder of unfinished content, and keeps other downloads out of it until the given function is called. A lock
 * of a process of this host that has died is taken over.
 * @param target the folder of the download, for messages
 * @throws InvalidInput when another download is at work in it
 */
export async function lockPartials(partials: string, target: string): Promise<() => Promise<void>> {
  const lock = path.join(partials, LOCK);
  const own = JSON.stringify({ host: hostname(), pid: process.pid });
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    await mkdir(partials, { recursive: true });
    try {
      await writeFile(lock, own, { flag: 'wx' });
      return () => rm(lock, { force: true });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST' && code !== 'ENOENT') throw error;
      if (code === 'EEXIST') await removeDead(lock, target);
    }
  }
  throw inUse(target, 'somebody', lock);
}

interface Holder {
  host: string;
  pid: number;
}

/** @throws InvalidInput if its holder may be at work */
async function removeDead(lock: string, target: string): Promise<void> {
  const text = await readFile(lock, 'utf8').catch(() => undefined);
  if (text === undefined) return; // it has just ended
  const holder = readHolder(text);
  if (!holder || holder.host !== hostname() || isAlive(holder.pid)) {
    throw inUse(target, holder ? `process ${holder.pid} on ${holder.host}` : 'somebody', lock);
  }
  const aside = `${lock} ${process.pid} ${performance.now()}`;
  await rename(lock, aside).catch(() => {}); // somebody else was faster
  const taken = await readFile(aside, 'utf8').catch(() => text);
  if (taken !== text) await link(aside, lock).catch(() => {}); // it was the lock of a new holder
  await rm(aside, { force: true });
}

function readHolder(text: string): Holder | undefined {
  try {
    const { host, pid } = JSON.parse(text) as Partial<Holder>;
    return typeof host === 'string' && Number.isSafeInteger(pid) ? { host, pid: Number(pid) } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

const inUse = (target: string, who: string, lock: string): InvalidInput =>
  new InvalidInput(
    `download: another download is at work in ${target} (${who}); wait for it, or choose another folder; if there is none, remove ${lock}`,
  );
