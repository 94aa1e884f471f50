import { WorkflowFailedError, type Client, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { ASSET_DELETION, deletionWorkflowId, STATUS_QUERY, WORKFLOW_TASK_QUEUE } from '../contracts/ids';
import type { DeletionInput } from '../contracts/ledger/deletion';
import type { LifecycleStatus } from '../contracts/lifecycle-status';
import { lastOf } from '../contracts/values/text';
import { failureBehind } from '../temporal/errors';
import { isStatus } from '../temporal/runs/run-status';
import type { StartPriority } from './start/priority';

/** A force-delete on its way. */
export interface ForceDeletion {
  key: string;
  /** Type of the workflow that deletes: the running lifecycle, the group of an item, or an `assetDeletion`. */
  by: 'assetLifecycle' | 'assetGroup' | 'assetDeletion';
  workflowId: string;
  /** True if Temporal knows a lifecycle of the key. If not, `known` of the result says whether the provider does. */
  known: boolean;
  /** Current status. */
  status(): Promise<LifecycleStatus>;
  /** Waits for the end and gives the status with the receipt. */
  result(): Promise<LifecycleStatus>;
}

/**
 * Starts the deletion of what a closed lifecycle has made, or joins the one that runs.
 * @param priority that of the lifecycle, whose tenant waits for the deletion too.
 */
export async function startDeletion(
  client: Client,
  input: DeletionInput,
  priority?: StartPriority,
): Promise<Omit<ForceDeletion, 'known'>> {
  const { key, provider } = input;
  const workflowId = deletionWorkflowId(provider, key);
  const handle = await client.workflow.start(ASSET_DELETION, {
    taskQueue: WORKFLOW_TASK_QUEUE,
    workflowId,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [input],
    priority,
    staticSummary: `delete ${lastOf(key, 100)}`,
  });
  return {
    key,
    by: 'assetDeletion',
    workflowId,
    status: () => handle.query<LifecycleStatus>(STATUS_QUERY),
    result: () => resultOf(handle),
  };
}

/** A deletion that left something over fails, and carries its status with it. */
async function resultOf(handle: WorkflowHandle): Promise<LifecycleStatus> {
  try {
    return (await handle.result()) as LifecycleStatus;
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
    const [status] = cause instanceof ApplicationFailure ? (cause.details ?? []) : [];
    if (isStatus(status)) return status;
    throw failureBehind(cause ?? error);
  }
}
