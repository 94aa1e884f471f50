import {
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionInfo,
} from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { ClosedRun } from '../../contracts/branches/left-branches';
import { readEarlierRun } from '../../contracts/messages';
import type { DescribedRun, LifecycleRun } from '../../contracts/runs';
import { ASSET_GROUP, ASSET_LIFECYCLE, SEARCH_ATTRIBUTES } from '../../contracts/ids';
import type { LifecycleStatus } from '../../contracts/lifecycle-status';
import { isInvalidArgument } from '../grpc-errors';
import { LIFECYCLES_CONDITION, oneOf } from './list-query';
import { sentInput } from './sent-input';
import { isStopped, statusOfFailure, statusOfMemo, summaryOf, type Run } from './run-status';

/**
 * What Temporal's own records say of lifecycles. Queries hold ids that the provider gave and nothing else: a workflow id
 * holds the caller's key, and some servers refuse a backslash or a question mark in a query.
 */
export function lifecycleRuns(client: Client) {
  const list = async (query: string): Promise<LifecycleRun[]> => {
    const runs: LifecycleRun[] = [];
    for await (const run of client.workflow.list({ query })) runs.push(runOf(run));
    return runs;
  };
  const find = async (workflowId: string, runId?: string): Promise<DescribedRun | undefined> => {
    try {
      const run = await client.workflow.getHandle(workflowId, runId).describe();
      if (run.type === ASSET_GROUP) return groupOf(run);
      if (run.type !== ASSET_LIFECYCLE) return undefined;
      if (run.status.name === 'RUNNING' || isStopped(run)) return runOf(run);
      return { ...runOf(run), status: await closedStatus(client, run) };
    } catch (error) {
      // anybody may have changed the ids in a tag at the provider: one that the server refuses names no run
      if (error instanceof WorkflowNotFoundError || isInvalidArgument(error)) return undefined;
      throw error;
    }
  };
  return {
    find,
    async isOpen(workflowId: string, ofType?: string): Promise<boolean> {
      try {
        const { status, type } = await client.workflow.getHandle(workflowId).describe();
        return status.name === 'RUNNING' && (ofType === undefined || type === ofType);
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },
    async endOf(workflowId: string, runId?: string): Promise<{ at: string } | 'forgotten' | undefined> {
      try {
        const { status, closeTime } = await client.workflow.getHandle(workflowId, runId).describe();
        return status.name === 'COMPLETED' && closeTime ? { at: closeTime.toISOString() } : undefined;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'forgotten';
        throw error;
      }
    },
    async lastClosed(workflowId: string): Promise<(ClosedRun & { input: unknown }) | undefined> {
      try {
        const run = await client.workflow.getHandle(workflowId).describe();
        if (run.type !== ASSET_LIFECYCLE || run.status.name === 'RUNNING' || isStopped(run)) return undefined;
        const [status, input] = await Promise.all([closedStatus(client, run), sentInput(client, run)]);
        return { runId: run.runId, status, earlier: readEarlierRun(run.memo), input };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw error;
      }
    },
    async overview(assetIds: readonly string[]): Promise<LifecycleRun[]> {
      const condition = oneOf(SEARCH_ATTRIBUTES.assetId, assetIds);
      return condition ? list(`${LIFECYCLES_CONDITION} AND ${condition}`) : [];
    },
    async wantedBy(assetId: string): Promise<LifecycleRun[]> {
      const condition = oneOf(SEARCH_ATTRIBUTES.assetId, [assetId]);
      if (!condition) return [];
      const wanting = `(ExecutionStatus = 'Running' OR ${SEARCH_ATTRIBUTES.outcome.name} = 'completed')`;
      const named = await list(`${LIFECYCLES_CONDITION} AND ${wanting} AND ${condition}`);
      const now = await Promise.all(named.map(async (run) => (run.open ? find(run.workflowId, run.runId) : run)));
      return now.filter((run) => run !== undefined).filter(({ open, ended }) => open || ended === 'completed');
    },
  };
}

function runOf(run: Run): LifecycleRun {
  const { key, workflowId, runId, closedAt, outcome, assetId, branch } = summaryOf(run);
  const open = run.status.name === 'RUNNING';
  const ended = open ? undefined : isStopped(run) ? 'stopped' : outcome;
  return { workflowId, runId, key, open, closedAt, ended, assetId, branch };
}

/**
 * A group owns many assets and names none. What it completed or kept is marked; of one that did not end by itself the rest
 * is judged as of a lifecycle that was stopped.
 */
function groupOf(run: Run): LifecycleRun {
  const { workflowId, runId, status, closeTime } = run;
  const open = status.name === 'RUNNING';
  const ended = open ? undefined : status.name === 'COMPLETED' ? 'completed' : 'stopped';
  return { workflowId, runId, key: workflowId, open, closedAt: closeTime?.toISOString(), ended };
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
