import { openAccount } from './providers/open-account';
import type { BatchPlan } from './batch/plan/plan-items';
import { LifecycleClient, type LifecycleClientOptions } from './client/lifecycle-client';
import { loadConfig } from './config';
import { openSharedFiles } from './storage/batches/open-shared-files';

export { LifecycleClient } from './client/lifecycle-client';
export type { LifecycleClientOptions } from './client/lifecycle-client';
export type { RetryOptions } from './client/start/retry-lifecycle';
export type { StartedLifecycle, StartOptions } from './client/start/start-lifecycle';
export {
  BatchClosed,
  BatchNotFound,
  BatchRunning,
  CallAborted,
  CallTimedOut,
  InvalidInput,
  KeyInUse,
  LifecycleBeingDeleted,
  LifecycleClientError,
  LifecycleClosed,
  LifecycleNotFailed,
  LifecycleNotFound,
  TemporalRefused,
  TemporalUnreachable,
} from './temporal/errors';
export type { BatchSummary } from './client/batches/batch-runs';
export type { ForceDeleteBatchRequest, StartedBatch } from './client/batches/batches';
export type { OpenStore } from './client/batches/client-store';
export type { BatchPlan } from './batch/plan/plan-items';
export type { BatchUploadResult } from './client/batches/upload-result';
export type { FailureCause, ReportEntry, ReportItem } from './batch/report';
export type { BatchOutcome, BatchPhase, BatchStatus } from './contracts/batch/batch-status';
export type { BatchCounts } from './contracts/batch/item-outcome';
export type { RefusedEntry } from './contracts/batch/listed-items';
export type { ForceDeletion } from './client/deletions';
export type { ListFilter } from './temporal/runs/list-query';
export type { AssetMetadataFields, AssetMetadataWrites } from './client/assets/asset-metadata';
export type { CallLimits } from './client/call-limits';
export type { AssetNarrowing } from './client/assets/asset-queries';
export type { DeletedAsset } from './client/assets/delete-assets';
export type { ProviderAssets } from './client/assets/provider-assets';
export type { ProviderPlace } from './client/assets/provider-place';
export type { ProviderSessions } from './client/assets/provider-sessions';
export type { DownloadOptions, DownloadProgress, DownloadResult } from './client/transfers/download-assets';
export type { FailedFile, UploadOptions, UploadProgress, UploadResult } from './client/transfers/upload-assets';
export type { LifecycleSummary } from './temporal/runs/run-status';
export { branchesOf } from './contracts/lifecycle-status';
export { FAILURES } from './contracts/failures';
export type { FailureType } from './contracts/failures';
export { acceptInput } from './providers/registry';
export type { CleanupPolicy } from './contracts/cleanup-policy';
export type { CompleteInput } from './contracts/lifecycle-input';
export type { LifecycleInput, PlaceInput, PlacesInput } from './providers/registry';
export type { OrphanCause, SweepInput, SweepReport } from './contracts/ledger/sweep';
export type {
  AssetSnapshot,
  BranchStatus,
  EmbeddingResult,
  KeyBranch,
  LifecycleError,
  LifecycleStatus,
  LifecycleTimings,
  Outcome,
  Phase,
  Receipt,
  ReceiptEntry,
  SourceFacts,
} from './contracts/lifecycle-status';
export type {
  AssetFilter,
  AssetPage,
  AssetQuery,
  MetadataChanges,
  MetadataValue,
  ProviderAsset,
  Referrer,
  SignedUrl,
} from './providers/assets';
export type {
  Ingestion,
  IngestionCondition,
  IngestionEvent,
  IngestionFile,
  IngestionPage,
  IngestionQuery,
} from './providers/ingestions';

/**
 * A client for the Temporal server, the provider account and the workers' store that the environment names.
 * @param options.provider default: the first of the registry.
 */
export const connect = (options: Pick<LifecycleClientOptions, 'provider'> = {}): Promise<LifecycleClient> =>
  LifecycleClient.connect({
    ...options,
    openAccount: (provider) => openAccount(loadConfig(), provider),
    openStore: () => openSharedFiles(loadConfig()),
  });

/**
 * What a batch would take, reckoned on this host: items, bytes, media seconds, what would be refused and why, least time, and
 * fewest requests and billable actions. Sends nothing to a provider, and needs no Temporal.
 * @param input as of `client.batches.start`; a `batchId` is not needed.
 * @param options.onProgress called with how many items were looked into, after each.
 * @throws InvalidInput naming the wrong field, or what there is nothing of · ProviderUnavailable if a bucket cannot be reached
 */
export async function planBatch(
  input: Readonly<Record<string, unknown>>,
  options: { onProgress?: (items: number) => void } = {},
): Promise<BatchPlan> {
  const plan = await import('./plan-batch.js');
  return plan.planBatch(input, loadConfig(), options);
}
