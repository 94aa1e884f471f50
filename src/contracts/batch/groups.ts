import type { ProviderName } from '../ids';
import type { LifecycleError } from '../lifecycle-status';
import type { BatchCounts, ItemRange, ItemStop } from './item-outcome';

/** Names a listed batch, and the store that it lies in. */
export interface ListedBatchRef {
  batchId: string;
  provider: ProviderName;
  /** A worker with another store refuses the work. */
  storeId: string;
  /** Run id of the batch's start: of what an earlier start left, only what completed counts. */
  start: string;
}

/** What of a listed batch names it. */
export const refOf = ({ batchId, provider, storeId, start }: ListedBatchRef): ListedBatchRef => ({
  ...{ batchId, provider, storeId, start },
});

/** What one walk over the account's list found of a batch's keys. */
export interface FoundAssets {
  /** Names it in the store, beside the batch's list. */
  name: string;
  /** RFC 3339: when the walk began. */
  since: string;
  /** A key that was not found had no asset then. */
  complete: boolean;
}

/** Input of `assetGroup`: some items of a batch, by reference. */
export interface GroupInput extends ListedBatchRef, ItemRange {
  batchWorkflowId: string;
  /** Absent where each item's asset is asked for. */
  found?: FoundAssets;
  /** Task queue of the workers that have the files; absent where any worker can submit the items, or nobody serves them yet. */
  fileQueue?: string;
  /** Path of one of the files, by which their queue is found again; absent where there are none. */
  aFile?: string;
  /** True if nothing more is to be started after a failure. */
  stopsAtFailure: boolean;
  /** What its items have made in any start of the batch is to be removed by force, and nothing else is done. */
  deletes?: { reason?: string };
}

/** A failed item, for those who look at the batch. */
export interface ItemFailure {
  item: number;
  key: string;
  error: LifecycleError;
}

/** Newest failures that a status shows. */
export const MOST_FAILURES_SHOWN = 10;

/** Where the items of a group stand after a step. */
export interface GroupNews {
  counts: BatchCounts;
  /** Items that each step still has to take, by the step's name. */
  due: Readonly<Record<GroupStep, number>>;
  /** The last of those that failed. */
  failures: readonly ItemFailure[];
  /** Items after which a removal by force has left something over; absent if there are none. */
  leftOver?: number;
  /** The batch has been ended from outside. */
  batchIsGone?: boolean;
  /** An item of the batch has failed, of whichever group, and nothing more is to be started. */
  batchHasFailure?: boolean;
  /** The batch is paused, and nothing is to be started until it goes on. */
  batchIsPaused?: boolean;
  /** Then, or after such a failure: items due for `submit` that have begun, so that they end. */
  begun?: number;
}

/** The steps of a group, in their order. */
export const GROUP_STEPS = ['submit', 'settle', 'branch', 'collect', 'release', 'clean'] as const;
export type GroupStep = (typeof GROUP_STEPS)[number];

export interface GroupStepInput extends GroupInput {
  /** Workflow and run that own what the items make. */
  runId: string;
  workflowId: string;
  /** Of a submission: the last heartbeat of the one before, whose end was not heard. */
  resume?: unknown;
}

/** How items are to end. */
export interface StopItemsInput extends GroupStepInput, ItemStop {
  /** Which, also if they were never begun. Default: all that are under way. */
  items?: readonly number[];
}

/** Result of a group, and the signal by which it tells its batch. */
export interface GroupEnd extends ItemRange {
  /** Start of the batch that it is of; absent if it did not tell of itself. */
  start?: string;
  counts: BatchCounts;
  failures: readonly ItemFailure[];
  /** See {@link GroupNews.batchHasFailure}. */
  batchHasFailure?: boolean;
  /** See {@link GroupNews.leftOver}. */
  leftOver?: number;
  /** It was there to remove what its items had made, and for nothing else. */
  deletes?: true;
  /** It was stopped, and what it had not begun to remove stays. */
  leavesSome?: true;
  /** A pause has held back its `pending` items: it is to run again for them. */
  isHeldBack?: boolean;
  /** Why it gave up on all of its items, such as a worker with another store. */
  error?: LifecycleError;
}

/** Each goes over those items of the group that it is due for, and ends two minutes after the first at the latest. */
export interface GroupActivities {
  submitItems(input: GroupStepInput): Promise<GroupNews>;
  /** Holds until the assets are ready. */
  settleItems(input: GroupStepInput): Promise<GroupNews>;
  branchItems(input: GroupStepInput): Promise<GroupNews>;
  /** Holds until the branches are ready, and stores their records. */
  collectItems(input: GroupStepInput): Promise<GroupNews>;
  releaseItems(input: GroupStepInput): Promise<GroupNews>;
  /** Cleans up after items that failed. */
  cleanItems(input: GroupStepInput): Promise<GroupNews>;
  /** Ends what is under way, and cleans up. Where items are named, a cleanup that is to be tried again is left to `cleanItems`. */
  stopItems(input: StopItemsInput): Promise<GroupNews>;
}
