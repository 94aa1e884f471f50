import {
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionInfo,
} from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { LifecycleRun, LifecycleRuns } from '../activities/ledger/lifecycle-runs';
import { ASSET_LIFECYCLE } from '../contracts/ids';
import type { LifecycleStatus } from '../contracts/lifecycle-status';
import { isStopped, statusOfFailure, statusOfMemo, summaryOf, type Run } from './run-status';

/** What Temporal's own records say of lifecycles. */
export function lifecycleRuns(client: Client): LifecycleRuns {
  return {
    async overview(workflowIds) {
      const runs = new Map<string, LifecycleRun>();
      if (workflowIds.length === 0) return runs;
      const ids = [...new Set(workflowIds)].map((id) => `'${id.replaceAll("'", "''")}'`);
      const query = `WorkflowType = '${ASSET_LIFECYCLE}' AND WorkflowId IN (${ids.join(', ')})`;
      for await (const run of client.workflow.list({ query })) {
        if (!runs.has(run.workflowId)) runs.set(run.workflowId, runOf(run)); // newest first
      }
      return runs;
    },

    async latest(workflowId) {
      try {
        const run = await client.workflow.getHandle(workflowId).describe();
        if (run.status.name === 'RUNNING' || isStopped(run)) return runOf(run);
        return { ...runOf(run), status: await closedStatus(client, run) };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw error;
      }
    },
  };
}

function runOf(run: Run): LifecycleRun {
  const { closedAt, outcome, assetId, branch } = summaryOf(run);
  const open = run.status.name === 'RUNNING';
  return { open, closedAt, ended: open ? undefined : isStopped(run) ? 'stopped' : outcome, assetId, branch };
}

/** Waits for the end of a run, and gives the status it closed with, however it ended. */
export async function closedStatus(
  client: Client,
  run: Pick<WorkflowExecutionInfo, 'workflowId' | 'runId'>,
): Promise<LifecycleStatus> {
  const handle = client.workflow.getHandle(run.workflowId, run.runId);
  try {
    return (await handle.result()) as LifecycleStatus;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const closed = await handle.describe();
    return error.cause instanceof CancelledFailure
      ? statusOfMemo(closed.memo, summaryOf(closed))
      : statusOfFailure(error.cause, summaryOf(closed));
  }
}
