import { openAccount } from './providers/registry';
import { LifecycleClient } from './client/lifecycle-client';
import { loadConfig } from './config';

export { LifecycleClient } from './client/lifecycle-client';
export type { LifecycleClientOptions, ProviderAccount } from './client/lifecycle-client';
export type { StartedLifecycle, StartOptions } from './client/start/start-lifecycle';
export {
  InvalidInput,
  LifecycleBeingDeleted,
  LifecycleClientError,
  LifecycleClosed,
  LifecycleNotFound,
  TemporalRefused,
  TemporalUnreachable,
} from './client/errors';
export type { ForceDeletion } from './client/deletions';
export type { ListFilter } from './temporal/runs/list-query';
export type { AssetList, ProviderAssets } from './client/provider-assets';
export type { LifecycleSummary } from './temporal/runs/run-status';
export { FAILURES } from './contracts/failures';
export type { FailureType } from './contracts/failures';
export { acceptInput, LifecycleInputSchema } from './contracts/lifecycle-input';
export type { CleanupPolicy } from './contracts/cleanup-policy';
export type { CompleteInput, LifecycleInput } from './contracts/lifecycle-input';
export type { OrphanCause, SweepInput, SweepReport } from './contracts/ledger/sweep';
export type {
  AssetSnapshot,
  BranchStatus,
  EmbeddingResult,
  LifecycleError,
  LifecycleStatus,
  LifecycleTimings,
  Outcome,
  Phase,
  Receipt,
  ReceiptEntry,
  SourceFacts,
} from './contracts/lifecycle-status';
export type { AssetPage, AssetQuery, ProviderAsset } from './providers/media-provider';

/** A client for the Temporal server and the provider account that the environment names. */
export const connect = (): Promise<LifecycleClient> =>
  LifecycleClient.connect({ openAccount: () => openAccount(loadConfig()) });
