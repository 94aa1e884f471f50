import type { Client, WorkflowHandle } from '@temporalio/client';
import type { BatchStatus } from '../../../src/contracts/batch/batch-status';
import type { GroupInput } from '../../../src/contracts/batch/groups';
import {
  ASSET_BATCH,
  ASSET_GROUP,
  batchWorkflowId,
  groupWorkflowId,
  WORKFLOW_TASK_QUEUE,
} from '../../../src/contracts/ids';

/** The start that {@link startGroup} says its group is of. */
export const EARLIER_START = 'an earlier start';

/** @param carried what an earlier run of the batch hands on */
export const startBatch = (client: Client, batchId: string, { carried, ...more }: { carried?: object } & object = {}) =>
  client.workflow.start(ASSET_BATCH, {
    taskQueue: WORKFLOW_TASK_QUEUE,
    workflowId: batchWorkflowId(batchId),
    args: [{ batchId, items: { type: 'folder', path: '/media' }, ...more }, ...(carried ? [carried] : [])],
  });

/**
 * Starts a group of two items, as an earlier start of its batch has left it.
 * @param more such as a batch that nobody runs, so that the end of the group is told to nobody
 */
export const startGroup = (client: Client, batchId: string, from: number, more: Partial<GroupInput> = {}) => {
  const ref = { batchId, provider: 'twelvelabs', storeId: 'store-1', start: EARLIER_START };
  const group: GroupInput = {
    ...ref,
    ...{ from, end: from + 2, batchWorkflowId: batchWorkflowId(batchId), stopsAtFailure: false },
    ...more,
  };
  return client.workflow.start(ASSET_GROUP, {
    taskQueue: WORKFLOW_TASK_QUEUE,
    workflowId: groupWorkflowId(batchId, from),
    args: [group],
  });
};

export const resultOf = async (handle: WorkflowHandle): Promise<BatchStatus> => (await handle.result()) as BatchStatus;
export const statusOf = (batch: WorkflowHandle): Promise<BatchStatus> => batch.query<BatchStatus>('status');
/** True once so many of its groups are open. */
export const openGroups = (batch: WorkflowHandle, groups: number) => async () =>
  (await statusOf(batch)).groups === groups;
