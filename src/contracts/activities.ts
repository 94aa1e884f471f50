import type { BatchDeletionActivities, BatchDeletionInput } from './batch/batch-deletion';
import type { BatchActivities, BatchToRun } from './batch/batch-status';
import type { GroupActivities } from './batch/groups';
import type { Branch } from './branches/branch';
import type { Handle } from './branches/handle';
import type { ProviderName } from './ids';
import type { CleanupPolicy } from './cleanup-policy';
import type { FailureType } from './failures';
import type { AcceptedInput, Metadata, ProviderFields } from './lifecycle-input';
import type { AssetSnapshot, EmbeddingResult, KeyBranch, ReceiptEntry, SourceFacts } from './lifecycle-status';
import type { Orphan, SweepCounts, VanishedAsset } from './ledger/sweep';
import type { AcceptedDeletion } from './ledger/deletion';
import type { AcceptedSweep } from './ledger/sweep';
import type { LifecycleTag, Release, Resource } from './resource';
import type { Source } from './source';

/** Where a step works. */
export interface ProviderRef {
  provider: ProviderName;
  /** The place of the asset, at a provider whose ids and names mean something in one only. */
  place?: string;
}

export interface SubmitSourceInput extends ProviderRef {
  source: Source;
  filename?: string;
  metadata: Metadata;
  /** Fields of the input that only this provider has. */
  fields: ProviderFields;
  upload: AcceptedInput['upload'];
  /** The input's branches: the preflight refuses media that they would refuse. */
  branches: readonly Branch[];
  preflight: boolean;
  tag: LifecycleTag;
  /** The batch and the item's number in it, if it is one. */
  item?: { batchId: string; item: number };
  /** RFC 3339 start of the lifecycle. */
  since: string;
  /** Last heartbeat of an earlier submission of this run that no worker took again; it holds the upload session. */
  resume?: unknown;
  /** The key had a run before; absent too where nobody told. */
  earlier?: EarlierRun;
}

/** What the client knows of the run that a key had before. */
export interface EarlierRun {
  /** Its asset; it may have another filename. */
  assetId?: string;
  /** RFC 3339. */
  startedAt?: string;
  /** Ready branches that the key has by now. */
  branches?: KeyBranch[];
  /** True if the run adds branches to a completed key: its asset is not replaced, other content is refused. */
  keepsAsset?: boolean;
}

/** An upload session, as far as a receipt tells of it. */
export interface UploadRef {
  sessionId: string;
  /** The asset that it reserved. */
  assetId: string;
  /** RFC 3339. */
  expiresAt?: string;
}

interface SubmissionFacts {
  /**
   * What became of upload sessions that were given up on the way, of the assets they had reserved, and of an earlier
   * run's asset with other content.
   */
  abandoned?: ReceiptEntry[];
  source?: SourceFacts;
}

export interface SubmittedAsset extends AssetSnapshot, SubmissionFacts {}

/** Handed in, and its asset is not known yet: `untilAssetReady` finds it. */
export interface PendingSubmission extends SubmissionFacts {
  pending: Handle;
}

/** The provider says that no asset comes of what was handed in. */
export interface FailedSubmission {
  failed: {
    type: FailureType;
    /** The provider's own words. */
    message: string;
    /** How many submissions of the source are worth trying before this is final. */
    submissions: number;
    /** What the receipt says of its session. */
    ended: ReceiptEntry;
  };
}

export interface FindSourceQueueInput {
  provider: ProviderName;
  /** As the input's source names it. */
  path: string;
  /** Field of the input that names it, for messages; default: `source.path`. */
  field?: string;
}

export interface AssetRef extends ProviderRef {
  assetId: string;
}

/** Of the activities that hold until something is ready. */
export interface HeldWaitInput extends ProviderRef {
  /** Reads the state once and does not wait: what is not ready by now is `DeadlineExceeded`. */
  lastLook?: boolean;
}

/** An asset, or what was handed in to become one. */
export interface UntilAssetReadyInput extends HeldWaitInput {
  assetId?: string;
  pending?: Handle;
}

/** An asset that its lifecycle lets go of. */
export interface ReleaseAssetInput extends AssetRef {
  as: Release;
  tag: LifecycleTag;
  filename?: string;
  /** RFC 3339 start of the lifecycle. */
  since: string;
  /** True if one create was sent at most, and was answered or its asset found: no other asset can have come of it. */
  isAlone?: boolean;
}

/** Where the records of a branch go, and what happens to the asset once they are there. */
export interface StoreTarget {
  /** Name in the result store; the same on every attempt. */
  resultName: string;
  /** The asset to let go of once its records are stored; none for an adopted one. */
  release?: ReleaseAssetInput;
}

export interface StartBranchInput extends AssetRef {
  branch: Branch;
  /** MIME type. */
  fileType?: string;
  filename?: string;
  /** As the branch's plan says: the name to give what it makes. */
  name?: string;
  tag: LifecycleTag;
  /** The object that existed before and takes the asset, where the branch's plan names one. */
  joins?: { in: string; id: string };
  /** True if what earlier runs of the key made of the asset is theirs: it is taken, but not this run's to remove. */
  sparesEarlier?: boolean;
  /** For records that come with the answer. */
  store?: StoreTarget;
}

export interface StartedBranch {
  /** Wait for it. */
  handle?: Handle;
  /** Id for people and receipts; none where nothing was made. */
  id?: string;
  /** Somebody else had made it before, or an earlier run that completed. */
  adopted?: boolean;
  /** The answer was the records, and they are stored. */
  stored?: StoredRecords;
}

export interface HandleRef extends ProviderRef {
  handle: Handle;
}

export interface StoreRecordsInput extends HandleRef, StoreTarget {
  /** `type` of the branch. */
  branch: string;
}

export interface StoredRecords {
  result: EmbeddingResult;
  /** As of `releaseAsset`. */
  surplus: ReceiptEntry[];
}

export interface RemoveResourcesInput extends ProviderRef {
  /** In the order in which they are to end: dependents first. */
  resources: readonly Resource[];
  policy: CleanupPolicy;
  /** A workflow id: when a lifecycle of that id is open, the resources are left to it. */
  unlessOpen?: string;
}

export interface FindMadeInput extends ProviderRef {
  key: string;
  workflowId: string;
}

export interface FoundMade {
  /** A lifecycle of this key is running: what there is belongs to it, and `made` is empty. */
  open: boolean;
  /** Of that lifecycle. */
  openWorkflowId?: string;
  /** Temporal knows a run of this key. */
  known: boolean;
  /** In order of creation. */
  made: Resource[];
  /** Milliseconds until nothing more can come of a write that was under way when the run closed. */
  settlesInMs: number;
}

/** Every step of a lifecycle that touches the world. Each is safe to repeat. */
export interface Activities {
  /**
   * Holds until a worker serves a folder that holds the file, and gives the task queue of its uploads.
   * @throws InvalidRequest when there is none by the deadline of the worker that waits.
   */
  findSourceQueue(input: FindSourceQueueInput): Promise<string>;
  /** Finds the asset that carries the tag, or makes it, or looks up the asset to adopt. */
  submitSource(input: SubmitSourceInput): Promise<SubmittedAsset | PendingSubmission>;
  /** Holds until the provider says the asset is ready, or that none comes of what was handed in. */
  untilAssetReady(input: UntilAssetReadyInput): Promise<AssetSnapshot | FailedSubmission>;
  /**
   * Starts the branch over the asset, once. Where the provider answers with the records, stores them and lets go of the
   * asset.
   */
  startBranch(input: StartBranchInput): Promise<StartedBranch>;
  /** Holds until what the branch made is ready. */
  untilBranchReady(input: HandleRef & HeldWaitInput): Promise<void>;
  /** Copies the records to the result store, and lets go of the asset. */
  storeRecords(input: StoreRecordsInput): Promise<StoredRecords>;
  /**
   * Marks the asset as wanted for good, so that no sweep takes it for an orphan, and removes what a late or repeated
   * create has made beside it.
   */
  releaseAsset(input: ReleaseAssetInput): Promise<ReceiptEntry[]>;
  /** Deletes resources one after the other, or keeps them as the policy says; tells what it did. */
  removeResources(input: RemoveResourcesInput): Promise<ReceiptEntry[]>;
}

/** Steps of `assetDeletion` and `orphanSweep`, beside `removeResources`. Each is safe to repeat. */
export interface LedgerActivities {
  /** Finds by its tag what a closed lifecycle has made. */
  findMade(input: FindMadeInput): Promise<FoundMade>;
  /** Finds assets whose lifecycle ended without them and without cleaning up; sets release marks that are missing. */
  findOrphans(input: FindOrphansInput): Promise<FoundOrphans>;
}

/** What the worker's call queue serves. */
export type AllActivities = Activities & LedgerActivities & BatchActivities & GroupActivities & BatchDeletionActivities;

export interface FindOrphansInput extends ProviderRef {
  /** Neither asset nor end of the lifecycle may be younger, in milliseconds. */
  graceMs: number;
  /** RFC 3339: only assets made before; where the last batch ended. */
  madeBefore?: string;
  /** About how many orphans to give. */
  limit: number;
  /** Takes also what has vanished for an orphan. */
  includeVanished?: boolean;
  /** Sets release marks that are missing; without it they are only counted. */
  setMarks?: boolean;
}

export interface FoundOrphans {
  orphans: Orphan[];
  /** What the walk has seen. */
  seen: SweepCounts;
  /** Why nothing may be removed or marked; absent if it may. */
  reportsOnly?: string;
  /** The first of what has vanished; `seen.vanished` counts all. */
  vanished: VanishedAsset[];
  /** Release marks that were missing and are set now, and those that are still missing. */
  marked: number;
  unmarked: number;
  /** Batches that closed long ago, of which nothing is kept any more; absent if there were none. */
  batches?: number;
  /** Present when there may be more: the next batch's `madeBefore`. */
  next?: string;
}

/** Steps that run in the workflow's own worker and change nothing. */
export interface LocalActivities {
  /**
   * Checks the input and the workflow id, fills in key and defaults, and looks once who serves the file. Here and not in
   * the workflow, because the schemas would cost every cached run more than a megabyte.
   * @throws InvalidRequest
   */
  acceptInput(input: unknown, workflowId: string): Promise<AcceptedInput>;
  /** @throws InvalidRequest */
  acceptBatch(input: unknown, workflowId: string): Promise<BatchToRun>;
  /** @throws InvalidRequest */
  acceptBatchDeletion(input: unknown, workflowId: string): Promise<BatchDeletionInput>;
  /** @throws InvalidRequest */
  acceptDeletion(input: unknown): Promise<AcceptedDeletion>;
  /** @throws InvalidRequest */
  acceptSweep(input: unknown): Promise<AcceptedSweep>;
}
