import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { BatchRunFacts, GroupFacts } from './evidence';
import { readGroup, type ReadRun } from './histories';

/** Groups of a batch that has ended, or was terminated, end within this. */
const BOUND_MS = 150_000;

/** All runs of groups that these runs of batches have started, once they have ended. */
export async function groupsOf(temporal: Client, runs: readonly BatchRunFacts[]): Promise<ReadRun<GroupFacts>[]> {
  const started = new Map(runs.flatMap((run) => run.started.map((one) => [one.runId, one.workflowId] as const)));
  return Promise.all(
    [...started].map(async ([runId, workflowId]) => {
      const handle = temporal.workflow.getHandle(workflowId, runId);
      const ended = handle.result().catch(() => {}); // it failed, or was terminated
      await Promise.race([ended, delay(BOUND_MS, undefined, { ref: false })]);
      const group = await readGroup(temporal, workflowId, runId);
      if (group.facts.closedAs === 'RUNNING') await handle.terminate('never ends');
      return group;
    }),
  );
}
