import { link, mkdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ProgramUnavailable } from '../programs';
import { DEV_FOLDER, devRecordFile, isRunning, readDevRecord, type DevRecord, type Served } from './dev-record';

export interface DevClaim {
  /**
   * Tells commands beside this `dev` what it serves.
   * @returns a sentence why they do not find it in the current folder; absent if they do.
   */
  publish(served: Served): Promise<string | undefined>;
  /** Takes back what was written. Safe to repeat. */
  release(): Promise<void>;
}

const MAX_TRIES = 3;

/**
 * Takes a state folder for this process, before anything is started in it: two servers on one database would spoil it.
 * @param currentFolder where commands beside this `dev` are run; they look into its `.asset-lifecycle`.
 * @throws ProgramUnavailable if another `dev` has it, naming its process.
 */
export async function claimFolder(stateFolder: string, currentFolder = process.cwd()): Promise<DevClaim> {
  const own: DevRecord = { pid: process.pid, startedAt: new Date().toISOString() };
  const claimed = devRecordFile(stateFolder);
  await mkdir(stateFolder, { recursive: true });
  for (let tries = 1; !(await createdAs(claimed, own)); tries++) {
    const other = await readDevRecord(claimed);
    if (tries === MAX_TRIES || (other && (await isRunning(other)))) throw taken(stateFolder, other);
    await rm(claimed, { force: true }); // of a dev that was killed
  }
  const besideFolder = path.resolve(currentFolder, DEV_FOLDER);
  const beside = devRecordFile(besideFolder);
  return {
    async publish(served) {
      const record = { ...own, served };
      await replaceBy(claimed, record);
      if (path.resolve(claimed) === beside) return undefined;
      const other = await readDevRecord(beside);
      if (other && (await isRunning(other))) {
        return `commands in this folder find the dev of process ${other.pid}, which was here first`;
      }
      try {
        await mkdir(besideFolder, { recursive: true });
        await replaceBy(beside, record);
        return undefined;
      } catch (error) {
        return `commands in this folder do not find this dev by themselves: ${(error as Error).message}`;
      }
    },
    async release() {
      for (const file of new Set([claimed, beside])) {
        const record = await readDevRecord(file);
        if (record?.pid === own.pid && record.startedAt === own.startedAt) await rm(file, { force: true });
      }
      await rmdir(besideFolder).catch(() => {}); // it holds other things, or is not ours
    },
  };
}

/** Writes the whole file at once, unless there is one. @returns false if there is one */
async function createdAs(file: string, record: DevRecord): Promise<boolean> {
  const whole = await writtenBeside(file, record);
  try {
    await link(whole, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    await rm(whole, { force: true });
  }
}

async function replaceBy(file: string, record: DevRecord): Promise<void> {
  await rename(await writtenBeside(file, record), file);
}

async function writtenBeside(file: string, record: DevRecord): Promise<string> {
  const name = `${file}.${process.pid}`;
  await writeFile(name, `${JSON.stringify(record, undefined, 2)}\n`);
  return name;
}

function taken(stateFolder: string, other: DevRecord | undefined): ProgramUnavailable {
  const who = other
    ? `process ${other.pid}${other.served?.temporal ? `, Temporal ${other.served.temporal.address}` : ''}`
    : 'another process';
  return new ProgramUnavailable(
    `a dev runs on ${stateFolder} already (${who}); stop it, or give this one its own --state and ports`,
  );
}
