import type { WorkflowExecutionInfo } from '@temporalio/client';
import { ASSET_BATCH, ASSET_BATCH_DELETION } from '../../contracts/ids';
import { LifecycleNotFound } from '../../temporal/errors';
import type { LifecycleCalls } from '../lifecycle-calls';
import { batchSummary, startedAtOf, type BatchSummary } from './batch-runs';

/** Batches of all providers, newest first, from Temporal's visibility, which may lag by about a second. */
export async function* listBatches(calls: LifecycleCalls): AsyncGenerator<BatchSummary> {
  const wentOn = new Set<string>(); // few batches have further runs, and only theirs have to be described
  for await (const { workflowId } of runs(calls, "ExecutionStatus = 'ContinuedAsNew'")) wentOn.add(workflowId);
  const seen = new Set<string>();
  for await (const run of runs(calls)) {
    const { workflowId } = run;
    if (seen.has(workflowId)) continue; // an earlier run of the same batch
    seen.add(workflowId);
    yield batchSummary(run, wentOn.has(workflowId) ? await startedAt(calls, run) : undefined);
  }
}

async function* runs(calls: LifecycleCalls, condition?: string): AsyncGenerator<WorkflowExecutionInfo> {
  const query = [`WorkflowType IN ('${ASSET_BATCH}', '${ASSET_BATCH_DELETION}')`, condition]
    .filter(Boolean)
    .join(' AND ');
  const found = calls.client.workflow.list({ query })[Symbol.asyncIterator]();
  for (;;) {
    const next = await calls.withClientErrors(() => found.next());
    if (next.done) return;
    yield next.value;
  }
}

/** `undefined` for a run that Temporal has forgotten meanwhile. */
async function startedAt(
  calls: LifecycleCalls,
  { workflowId, runId }: WorkflowExecutionInfo,
): Promise<string | undefined> {
  const { client } = calls;
  const look = async () => startedAtOf(client, await client.workflow.getHandle(workflowId, runId).describe());
  try {
    return await calls.withClientErrors(look, workflowId);
  } catch (error) {
    if (error instanceof LifecycleNotFound) return undefined;
    throw error;
  }
}
