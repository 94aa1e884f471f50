import type { Branch } from './branches/branch';
import type { FailureType } from './failures';
import type { ProviderName } from './ids';
import type { CleanupPolicy } from './cleanup-policy';

/** How a lifecycle ended. */
export const OUTCOMES = ['completed', 'cancelled', 'deleted', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Phases of a lifecycle. After the end, the phase is the outcome. */
export const PHASES = ['pending', 'creating', 'processing', 'branching', 'cleaning', ...OUTCOMES] as const;
export type Phase = (typeof PHASES)[number];

export const isOutcome = (phase: string): phase is Outcome => (OUTCOMES as readonly string[]).includes(phase);

/** An asset as last seen. Fields that the provider has not given yet are absent. */
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
   * True if an earlier run of the key made it, and its content could not be compared with this run's source: that run
   * recorded no content, or had another type of source.
   */
  adoptedUnchecked?: boolean;
  /** True if an earlier run of the key completed with it: this run then removes it only by force. */
  completedBefore?: boolean;
}

/** Facts about the source when its bytes were read, for a later start of the key to compare. */
export interface SourceFacts {
  sizeBytes: number;
  /** RFC 3339; files only. */
  modifiedAt?: string;
}

/** Location of a lifecycle's records: NDJSON, one record a line. A status never holds the records themselves. */
export interface EmbeddingResult {
  /** `file:` or `s3:` URI. */
  uri: string;
  /** Hex SHA-256 of the stored bytes. */
  sha256: string;
  bytes: number;
  /** Number of records, that is lines. */
  count: number;
  /** Length of each vector. */
  dimensions: number;
  /** Host of the worker whose folder holds the file; absent for a store that all workers share. */
  host?: string;
}

/** A downstream step. */
export interface BranchStatus {
  type: string;
  /** Id of the object that the branch made; absent if it made none. */
  id?: string;
  status: 'pending' | 'running' | 'ready' | 'failed';
  /** Only for a branch that gives records. */
  result?: EmbeddingResult;
  /** Why it failed, if it is one of several; else the lifecycle's own error says it. */
  error?: LifecycleError;
}

/** One of several branches of a key: a second model or other options make another branch. */
export interface KeyBranch extends BranchStatus {
  /** As the input has it, with its defaults. */
  input: Branch;
  /** Run that took it; absent for the run whose status this is. */
  runId?: string;
}

/** Result of cleanup for one resource. */
export interface ReceiptEntry {
  /** `asset`, `result`, `upload-session`, or the kind of a branch's object. */
  resource: string;
  /** Absent if no object with the lifecycle's tag was found. */
  id?: string;
  /** Id of its parent, if it has one. */
  in?: string;
  result: 'deleted' | 'kept' | 'leftover';
  /** `deleted`: how this is known. `kept`: the reason. `leftover`: the error, in the provider's words. */
  because: string;
  /** Objects that refer to it, so that it was `kept`. */
  referrers?: string[];
  /** `leftover`: the failure's type. */
  errorType?: FailureType;
  /** RFC 3339. */
  at: string;
}

/** Proof of cleanup, newest resource first. */
export interface Receipt {
  policy: CleanupPolicy;
  entries: ReceiptEntry[];
}

export interface LifecycleError {
  type: FailureType | 'Unexpected';
  /** One line, with the provider's own words. */
  message: string;
}

/** Progress of an upload; absent once all bytes are uploaded. */
export interface UploadStatus {
  sentBytes: number;
  totalBytes: number;
  /** 0 to 100. */
  percent: number;
  /** Mean since the first byte; only the client adds it. */
  bytesPerSec?: number;
  secondsLeft?: number;
}

/** A session in which files become assets of a place. */
export interface IngestionRef {
  id: string;
  /** Id of the place. */
  in?: string;
}

/** RFC 3339 times of past events. */
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

/** Status of a lifecycle. The `status` query, the workflow's result, the client and the CLI's `--json` all have this shape. */
export interface LifecycleStatus {
  key: string;
  provider: ProviderName;
  phase: Phase;
  outcome?: Outcome;
  /** The batch whose item the key is; absent for a lifecycle of its own. */
  batch?: { batchId: string; item: number };
  /** Absent if the source is a URL or an existing asset. */
  source?: SourceFacts;
  /** The session in which the source was handed in last, at a provider that takes many files in one. */
  ingestion?: IngestionRef;
  asset?: AssetSnapshot;
  upload?: UploadStatus;
  /** The branch of this run; the first one, if it has several. */
  branch?: BranchStatus;
  /**
   * All that the key has, those of earlier runs first, without what cleanup removed. Absent if all there was is `branch`.
   */
  branches?: KeyBranch[];
  receipt?: Receipt;
  /** Only for a deletion: true if Temporal or the provider knows the key. */
  known?: boolean;
  /** Reason of a stop, as given to `cancel` or `forceDelete`. */
  reason?: string;
  error?: LifecycleError;
  timings: LifecycleTimings;
}

/** The branches that a status tells of, however many there are. */
export const branchesOf = ({
  branch,
  branches,
}: Partial<Pick<LifecycleStatus, 'branch' | 'branches'>> = {}): BranchStatus[] => branches ?? (branch ? [branch] : []);
