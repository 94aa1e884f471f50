import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Batches } from '../../src/client/batches/batches';
import { LifecycleClient } from '../../src/client/lifecycle-client';
import type { BatchStatus } from '../../src/contracts/batch/batch-status';
import type { BenchSystem } from '../system/bench-system';
import { writeImages } from '../system/write-images';

/** What a branch does to an item. */
export type BenchBranch = 'none' | 'embed';

/** A worker that asks for states at once, so that nothing waits for a poll. */
export const QUICK_POLLS = {
  ASSET_LIFECYCLE_POLL_INTERVAL_MIN: '50ms',
  ASSET_LIFECYCLE_POLL_REQUESTS_PER_MINUTE: '60000',
};

export async function connectBatches(system: BenchSystem): Promise<Batches> {
  const { address, namespace } = system.temporal;
  return (await LifecycleClient.connect({ temporal: { client: system.client, address, namespace } })).batches;
}

let written = 0;

/** A folder of small images below the bench's own; no two of a bench are alike, so that the emulator looks at each. */
export async function folderOf(system: BenchSystem, name: string, items: number): Promise<string> {
  const folder = path.join(system.folder, 'media', name);
  await writeImages(folder, items, written);
  written += items;
  return folder;
}

export interface BatchRun {
  seconds: number;
  status: BatchStatus;
}

/** Takes the files of a folder through a batch. @throws if an item does not complete */
export async function runBatch(
  batches: Batches,
  batchId: string,
  { folder, branch, inFlight }: { folder: string; branch: BenchBranch; inFlight?: number },
): Promise<BatchRun> {
  const began = performance.now();
  await batches.start({
    batchId,
    items: { type: 'folder', path: folder },
    each: { branch: { type: branch } },
    ...(inFlight && { inFlight }),
  });
  const status = await batches.result(batchId);
  const seconds = (performance.now() - began) / 1000;
  if (status.outcome !== 'completed') throw new Error(`${batchId}: ${JSON.stringify(status)}`);
  return { seconds, status };
}

/** Makes the same requests for the files of a folder, and nothing else. @returns seconds */
export async function runBare(system: BenchSystem, folder: string, branch: BenchBranch): Promise<number> {
  const program = path.join(__dirname, 'bare-process.js');
  const { stdout } = await promisify(execFile)(process.execPath, [program, folder, branch], {
    env: system.environment,
  });
  return (JSON.parse(stdout) as { seconds: number }).seconds;
}
