import type { FailureType } from './failures';
import type { ProviderName } from './ids';
import type { CleanupPolicy } from './cleanup-policy';

/** How a lifecycle ended. */
export const OUTCOMES = ['completed', 'cancelled', 'deleted', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What a lifecycle is doing; once it has ended, the phase is its outcome. */
export const PHASES = ['pending', 'creating', 'processing', 'branching', 'cleaning', ...OUTCOMES] as const;
export type Phase = (typeof PHASES)[number];

export const isOutcome = (phase: string): phase is Outcome => (OUTCOMES as readonly string[]).includes(phase);

/** A provider's asset as last seen. Fields the provider has not told yet are absent. */
export interface AssetSnapshot {
  id: string;
  status: 'processing' | 'ready' | 'failed';
  filename?: string;
  /** MIME type. */
  fileType?: string;
  sizeBytes?: number;
  durationSec?: number;
  widthPixels?: number;
  heightPixels?: number;
  /** RFC 3339. */
  createdAt?: string;
  /** True when the asset existed before the lifecycle, which then deletes it only by force. */
  adopted?: boolean;
  /**
   * An earlier run of the key made it, and whether it has the content of this run's source could not be compared:
   * that run told no content, or had another type of source.
   */
  adoptedUnchecked?: boolean;
}

/** What the source was when its bytes were looked at, for a later start of the key to compare. */
export interface SourceFacts {
  sizeBytes: number;
  /** RFC 3339; of files. */
  modifiedAt?: string;
}

/** Where a lifecycle's embeddings are: NDJSON, one segment a line. The vectors themselves never travel in a status. */
export interface EmbeddingResult {
  /** `file:` (later `s3:`) URI. */
  uri: string;
  /** Hex SHA-256 of the stored bytes. */
  sha256: string;
  bytes: number;
  /** Segments, that is lines. */
  count: number;
  /** Length of each vector. */
  dimensions: number;
  /** The host of the worker whose folder the file lies in; absent in a store that all workers share. */
  host?: string;
}

/** The downstream step. */
export interface BranchStatus {
  type: string;
  /** Id of what the branch made at the provider; none where it made nothing. */
  id?: string;
  status: 'pending' | 'running' | 'ready' | 'failed';
  /** Of a branch that gives records. */
  result?: EmbeddingResult;
}

/** What cleanup did with one resource. */
export interface ReceiptEntry {
  /** `asset`, `result`, `upload-session`, or the kind of what a branch makes. */
  resource: string;
  /** Absent when nothing with the lifecycle's tag was ever found. */
  id?: string;
  /** Id of what it is in, where it is in something. */
  in?: string;
  result: 'deleted' | 'kept' | 'leftover';
  /** `deleted`: how that is known. `kept`: why. `leftover`: the error, in the provider's words. */
  because: string;
  /** `kept` because something refers to it: what does. */
  referrers?: string[];
  /** `leftover`: the failure's type. */
  errorType?: FailureType;
  /** RFC 3339. */
  at: string;
}

/** Proof of what was cleaned up, newest resource first. */
export interface Receipt {
  policy: CleanupPolicy;
  entries: ReceiptEntry[];
}

export interface LifecycleError {
  type: FailureType | 'Unexpected';
  /** One line, with the provider's own words. */
  message: string;
}

/** How far the bytes of a file have gone up; absent once they are all there. */
export interface UploadStatus {
  sentBytes: number;
  totalBytes: number;
  /** 0 to 100. */
  percent: number;
  /** Mean since the first byte; only the client knows it. */
  bytesPerSec?: number;
  secondsLeft?: number;
}

/** RFC 3339 times of what has happened so far. */
export interface LifecycleTimings {
  startedAt: string;
  createdAt?: string;
  readyAt?: string;
  branchReadyAt?: string;
  stopRequestedAt?: string;
  closedAt?: string;
  /** Seconds from start to close, once closed. */
  elapsedSec?: number;
}

/** The one shape that the `status` query, the workflow's result, the client and the CLI's `--json` give. */
export interface LifecycleStatus {
  key: string;
  provider: ProviderName;
  phase: Phase;
  outcome?: Outcome;
  /** Absent for a URL and for an existing asset. */
  source?: SourceFacts;
  asset?: AssetSnapshot;
  upload?: UploadStatus;
  branch?: BranchStatus;
  receipt?: Receipt;
  /** Of a deletion: whether anything is known of the key, at Temporal or at the provider. */
  known?: boolean;
  /** Why the run was stopped, as the caller of `cancel` or `forceDelete` said. */
  reason?: string;
  error?: LifecycleError;
  timings: LifecycleTimings;
}
