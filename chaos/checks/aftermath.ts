import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import type { EmulatorControl } from '../../emulator/twelvelabs/control-client';
import type { LifecycleClient } from '../../src/client/lifecycle-client';
import { ORPHAN_SWEEP } from '../../src/contracts/ids';
import type { SweepInput } from '../../src/contracts/ledger/sweep';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import type { Swept } from './evidence';

/** What a sweep needs. */
export interface Sweeper {
  client: LifecycleClient;
  temporal: Client;
  control: EmulatorControl;
  /** A sweep that has not ended by then never will. */
  boundMs: number;
}

/** Sweeps; one that does not end is terminated, so that it disturbs nobody after. */
export async function sweepWithin({ client, temporal, control, boundMs }: Sweeper, input: SweepInput): Promise<Swept> {
  const sweep = client.sweep(input);
  sweep.catch(() => {}); // it may be terminated below
  const report = await Promise.race([sweep, delay(boundMs, undefined, { ref: false })]);
  if (!report) {
    const open = temporal.workflow.list({ query: `WorkflowType = '${ORPHAN_SWEEP}' AND ExecutionStatus = 'Running'` });
    for await (const { workflowId } of open) await temporal.workflow.getHandle(workflowId).terminate('never ends');
  }
  return { ...(report ? { report } : {}), after: await control.state() };
}

/** Of the stored result; undefined where the status names none, or the file is gone. */
export async function sha256OfResult(status: LifecycleStatus | undefined | void): Promise<string | undefined> {
  const uri = status?.branch?.result?.uri;
  if (!uri) return undefined;
  const bytes = await readFile(fileURLToPath(uri)).catch(() => undefined);
  return bytes && createHash('sha256').update(bytes).digest('hex');
}

/** All files below a folder. */
export async function textsBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name));
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
}

/** The lines of a file that need not be there; it is taken away. */
export async function takeLines(file: string): Promise<string[]> {
  try {
    const text = await readFile(file, 'utf8');
    await rm(file);
    return text.split('\n').filter((line) => line !== '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
