import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** Name of a media API that a lifecycle can run at; the registry of providers knows which there are. */
export type ProviderName = string;

/** Task queue of the workflows; starts from other clients name this one. */
export const WORKFLOW_TASK_QUEUE = 'asset-lifecycle';

/** Task queue of a provider's calls and uploads, so that server-side rate limits can apply to them alone. */
export const callTaskQueue = (provider: ProviderName): string => `${WORKFLOW_TASK_QUEUE}-${provider}`;

/** Task queue of a provider's held waits: thousands of slots that never starve the calls. */
export const waitTaskQueue = (provider: ProviderName): string => `${WORKFLOW_TASK_QUEUE}-${provider}-waits`;

/** Task queue of a provider's S3 objects, which may take hours to stream, so that they take no slot of the calls. */
export const objectTaskQueue = (provider: ProviderName): string => `${callTaskQueue(provider)}-objects`;

/**
 * Task queue of the uploads of files below `root`, an absolute folder: only workers that serve that folder poll it.
 * Without a root: of files named by a relative path, polled by every worker that serves any folder.
 */
export const fileTaskQueue = (provider: ProviderName, root?: string): string =>
  `${callTaskQueue(provider)}-files${root === undefined ? '' : `:${root}`}`;

/**
 * Polled by the same workers, and never given a task: that somebody polls it says that `root` is served, also while
 * every upload slot there is taken.
 */
export const rootTaskQueue = (provider: ProviderName, root?: string): string =>
  `${callTaskQueue(provider)}-roots${root === undefined ? '' : `:${root}`}`;

/** Registered workflow types. */
export const ASSET_LIFECYCLE = 'assetLifecycle';
export const ASSET_DELETION = 'assetDeletion';
export const ORPHAN_SWEEP = 'orphanSweep';

/** Names of messages a lifecycle hears. */
export const CANCEL_SIGNAL = 'cancel';
export const FORCE_DELETE_SIGNAL = 'forceDelete';
/** From the upload activity, not from people. */
export const UPLOAD_PROGRESS_SIGNAL = 'uploadProgress';
export const STATUS_QUERY = 'status';

/** Memo field that holds the final status of a run stopped by native cancellation. */
export const STATUS_MEMO = 'status';

/** Memo field in which the client tells what it knows of the run that a key had before. */
export const EARLIER_MEMO = 'earlier';

/** The one workflow id of a key at a provider. */
export const lifecycleWorkflowId = (provider: ProviderName, key: string): string =>
  `${WORKFLOW_TASK_QUEUE}:${provider}:${key}`;

/** The workflow id of the deletion of a key's closed lifecycle. */
export const deletionWorkflowId = (provider: ProviderName, key: string): string => `asset-deletion:${provider}:${key}`;

/** Id of the Schedule that sweeps a provider account, and of what it starts, with the time added. */
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

/** Search attributes of a lifecycle; `setup` and the dev server register exactly these. */
export const SEARCH_ATTRIBUTES = {
  key: defineSearchAttributeKey('AssetKey', KEYWORD),
  assetId: defineSearchAttributeKey('AssetId', KEYWORD),
  provider: defineSearchAttributeKey('AssetProvider', KEYWORD),
  phase: defineSearchAttributeKey('AssetPhase', KEYWORD),
  branch: defineSearchAttributeKey('AssetBranch', KEYWORD),
  outcome: defineSearchAttributeKey('AssetOutcome', KEYWORD),
  bytes: defineSearchAttributeKey('AssetBytes', INT),
  readyAt: defineSearchAttributeKey('AssetReadyAt', DATETIME),
} as const;
