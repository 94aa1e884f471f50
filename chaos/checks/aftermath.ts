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
import { branchesOf, type LifecycleStatus } from '../../src/contracts/lifecycle-status';
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

/** URIs of the results that a status tells of. */
export const resultsOf = (status: LifecycleStatus | undefined): string[] =>
  branchesOf(status).flatMap(({ result }) => (result ? [result.uri] : []));

/** Of each stored result; undefined where the file is gone. */
export async function sha256OfResults(uris: readonly string[]): Promise<Record<string, string | undefined>> {
  const hashOf = async (uri: string): Promise<string | undefined> => {
    const bytes = await readFile(fileURLToPath(uri)).catch(() => undefined);
    return bytes && createHash('sha256').update(bytes).digest('hex');
  };
  return Object.fromEntries(await Promise.all(uris.map(async (uri) => [uri, await hashOf(uri)] as const)));
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
