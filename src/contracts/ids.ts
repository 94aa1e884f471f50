import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { NO_BRANCH, type Branch } from './branches/branch';

/** Name of a provider, as the registry lists it. */
export type ProviderName = string;

/** Task queue of the workflows; other clients start workflows on it. */
export const WORKFLOW_TASK_QUEUE = 'asset-lifecycle';

/** Task queue of a provider's calls and uploads. It is separate so that a server-side rate limit can apply to it. */
export const callTaskQueue = (provider: ProviderName): string => `${WORKFLOW_TASK_QUEUE}-${provider}`;

/** Task queue of a provider's held waits. It is separate so that thousands of waits take no slot of the calls. */
export const waitTaskQueue = (provider: ProviderName): string => `${WORKFLOW_TASK_QUEUE}-${provider}-waits`;

/** Task queue of a provider's S3 objects. It is separate because streaming one may take a slot for hours. */
export const objectTaskQueue = (provider: ProviderName): string => `${callTaskQueue(provider)}-objects`;

/**
 * Task queue of the uploads of files below `root`, an absolute folder. Only workers that serve this folder poll it.
 * Without `root`: of files with a relative path; every worker that serves a folder polls it.
 */
export const fileTaskQueue = (provider: ProviderName, root?: string): string =>
  `${callTaskQueue(provider)}-files${root === undefined ? '' : `:${root}`}`;

/**
 * A task queue that never gets a task. The workers that serve `root` poll it, so its pollers show that `root` is
 * served, even while all of their upload slots are taken.
 */
export const rootTaskQueue = (provider: ProviderName, root?: string): string =>
  `${callTaskQueue(provider)}-roots${root === undefined ? '' : `:${root}`}`;

/** Registered workflow types. */
export const ASSET_LIFECYCLE = 'assetLifecycle';
export const ASSET_DELETION = 'assetDeletion';
export const ORPHAN_SWEEP = 'orphanSweep';
export const ASSET_BATCH = 'assetBatch';
export const ASSET_GROUP = 'assetGroup';
export const ASSET_BATCH_DELETION = 'assetBatchDeletion';

/** Names of the messages that a lifecycle receives. */
export const CANCEL_SIGNAL = 'cancel';
export const FORCE_DELETE_SIGNAL = 'forceDelete';
/** Sent by the upload activity. */
export const UPLOAD_PROGRESS_SIGNAL = 'uploadProgress';
export const STATUS_QUERY = 'status';

/** Names of the messages that a batch receives beside those. */
export const PAUSE_SIGNAL = 'pause';
export const RESUME_SIGNAL = 'resume';
/** Sent by a group that waits, or in which an item has failed. */
export const GROUP_PROGRESS_SIGNAL = 'groupProgress';
/** Sent by a group that has ended. */
export const GROUP_ENDED_SIGNAL = 'groupEnded';
/** Sent to a group, of one of its items. */
export const CANCEL_ITEM_SIGNAL = 'cancelItem';
export const FORCE_DELETE_ITEM_SIGNAL = 'forceDeleteItem';
export const SET_IN_FLIGHT_UPDATE = 'setInFlight';

/** Memo field that holds the final status of a run stopped by native cancellation. */
export const STATUS_MEMO = 'status';

/** Memo field for the client's facts about the key's earlier run. */
export const EARLIER_MEMO = 'earlier';

/** The one workflow id of a key at a provider. */
export const lifecycleWorkflowId = (provider: ProviderName, key: string): string =>
  `${WORKFLOW_TASK_QUEUE}:${provider}:${key}`;

/** The workflow id of the deletion of a key's closed lifecycle. */
export const deletionWorkflowId = (provider: ProviderName, key: string): string => `asset-deletion:${provider}:${key}`;

/** The one workflow id of a batch. */
export const batchWorkflowId = (batchId: string): string => `asset-batch:${batchId}`;

/** The batch id inside a workflow id made by {@link batchWorkflowId}; `undefined` for any other id. */
export function batchIdOf(workflowId: string): string | undefined {
  const prefix = batchWorkflowId('');
  return workflowId.startsWith(prefix) && workflowId.length > prefix.length
    ? workflowId.slice(prefix.length)
    : undefined;
}

/** The workflow id of the group of a batch that begins with that item. */
export const groupWorkflowId = (batchId: string, from: number): string => `asset-group:${batchId}:${from}`;

/** Batch and first item inside a workflow id made by {@link groupWorkflowId}; `undefined` for any other id. */
export function readGroupWorkflowId(workflowId: string): { batchId: string; from: number } | undefined {
  const [, batchId, from] = /^asset-group:(.+):(\d+)$/s.exec(workflowId) ?? [];
  return batchId === undefined ? undefined : { batchId, from: Number(from) };
}

/** Id of the Schedule that sweeps a provider account. Its workflow ids are this id with the time added. */
export const sweepId = (provider: ProviderName): string => `orphan-sweep:${provider}`;

/** The provider inside a workflow id made by {@link lifecycleWorkflowId}; empty for any other id. */
export function providerOfWorkflowId(workflowId: string): ProviderName {
  const [queue, provider = ''] = workflowId.split(':', 2);
  return queue === WORKFLOW_TASK_QUEUE ? provider : '';
}

/** The key inside a workflow id made by {@link lifecycleWorkflowId}; `undefined` for any other id. */
export function keyOfWorkflowId(provider: ProviderName, workflowId: string): string | undefined {
  const prefix = lifecycleWorkflowId(provider, '');
  return workflowId.startsWith(prefix) && workflowId.length > prefix.length
    ? workflowId.slice(prefix.length)
    : undefined;
}

/** Provider and key inside a workflow id made by {@link lifecycleWorkflowId}; `undefined` for any other id. */
export function readLifecycleWorkflowId(workflowId: string): { provider: ProviderName; key: string } | undefined {
  const prefix = `${WORKFLOW_TASK_QUEUE}:`;
  const colon = workflowId.indexOf(':', prefix.length);
  if (!workflowId.startsWith(prefix) || colon < 0 || colon === workflowId.length - 1) return undefined;
  return { provider: workflowId.slice(prefix.length, colon), key: workflowId.slice(colon + 1) };
}

const { KEYWORD, INT, DATETIME } = SearchAttributeType;

/** Search attributes of lifecycles and batches; `setup` and the dev server register exactly these. */
export const SEARCH_ATTRIBUTES = {
  key: defineSearchAttributeKey('AssetKey', KEYWORD),
  assetId: defineSearchAttributeKey('AssetId', KEYWORD),
  provider: defineSearchAttributeKey('AssetProvider', KEYWORD),
  phase: defineSearchAttributeKey('AssetPhase', KEYWORD),
  branch: defineSearchAttributeKey('AssetBranch', KEYWORD),
  /** Id of the batch, on it and on its groups. */
  batch: defineSearchAttributeKey('AssetBatch', KEYWORD),
  outcome: defineSearchAttributeKey('AssetOutcome', KEYWORD),
  bytes: defineSearchAttributeKey('AssetBytes', INT),
  readyAt: defineSearchAttributeKey('AssetReadyAt', DATETIME),
} as const;

/** Value of `AssetBranch`: the types of a run's branches, sorted, such as `embed+index`; `none` without a branch. */
export const branchAttribute = (branches: readonly Branch[]): string =>
  [...new Set(branches.map(({ type }) => type))].sort().join(BRANCH_SEPARATOR) || NO_BRANCH;

/** Types of branches in a value of {@link branchAttribute}. */
export const branchesInAttribute = (value: string | undefined): string[] =>
  value === undefined || value === NO_BRANCH ? [] : value.split(BRANCH_SEPARATOR);

const BRANCH_SEPARATOR = '+';
