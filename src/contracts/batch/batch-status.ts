import type { LifecycleError } from '../lifecycle-status';
import type { ProviderName } from '../ids';
import type { AcceptedBatch } from './batch-input';
import type { FoundAssets, GroupInput, ItemFailure, ListedBatchRef } from './groups';
import type { BatchCounts, ItemRange } from './item-outcome';

/** How a batch ended: `failed` if an item did. */
export type BatchOutcome = 'completed' | 'failed' | 'cancelled' | 'deleted';

/** `cleaning`: what the items of a closed batch have made is being removed by force. */
export const BATCH_PHASES = ['listing', 'running', 'paused', 'stopping', 'cleaning'] as const;
export type BatchPhase = (typeof BATCH_PHASES)[number] | BatchOutcome;

/** Status of a batch: the query `status`, the workflow's result, the client and the CLI's `--json` have this shape. */
export interface BatchStatus {
  batchId: string;
  provider: ProviderName;
  phase: BatchPhase;
  outcome?: BatchOutcome;
  /** By phase of those under way and by outcome of those that have ended; `pending` have not been started. */
  counts: BatchCounts;
  /** Entries of the source that can be no items; the report says why. */
  refused: number;
  /** Bytes of all items, as far as they are known. */
  totalBytes: number;
  /** Open groups. */
  groups: number;
  inFlight: number;
  /** Items that have ended a second, since the listing. */
  itemsPerSec?: number;
  secondsLeft?: number;
  failures: readonly ItemFailure[];
  /** Where the list and the outcomes lie. */
  uri?: string;
  reason?: string;
  /** Why the batch itself failed, such as a manifest that could not be read, or the first of its groups that gave up. */
  error?: LifecycleError;
  /** `startedAt` is absent once Temporal has forgotten the batch. */
  timings: { startedAt?: string; listedAt?: string; closedAt?: string };
}

/** Input of a batch's run, with everything that is looked up when it starts. */
export interface BatchToRun extends AcceptedBatch {
  batchId: string;
  /** Task queue of the workers that have the files to list; absent where any worker can, or nobody serves them yet. */
  fileQueue?: string;
}

/** What listing a batch gave. */
export interface ListedBatch extends ListedBatchRef {
  items: number;
  refused: number;
  bytes: number;
  uri: string;
  /** Items of the groups that have begun, of a batch that is removed: nothing is to be done for the others. */
  begun?: number;
}

/** Some of a batch's groups. */
export interface PlannedGroups {
  groups: (ItemRange & Pick<GroupInput, 'fileQueue' | 'aFile'>)[];
  /** Number of the first item behind them. */
  next: number;
  /** Of items that had completed in an earlier start. */
  completed: BatchCounts;
}

export interface BatchActivities {
  /** Lists the batch's items into the store, or goes on where an earlier attempt ended. */
  listItems(input: { batch: BatchToRun; start: string }): Promise<ListedBatch>;
  /**
   * Finds what exists already of the batch's keys, by one walk over the account's list, where that takes fewer requests than
   * asking for each; else gives null.
   */
  findExisting(input: ListedBatchRef): Promise<FoundAssets | null>;
  /** Cuts the next items into groups. */
  planGroups(input: ListedBatchRef & ItemRange): Promise<PlannedGroups>;
  /** What became of groups that were not heard of: their ends, and those that are still open. */
  lookAtGroups(
    input: ListedBatchRef & { groups: readonly ItemRange[] },
  ): Promise<{ from: number; end: number; open: boolean; counts: BatchCounts; failures: readonly ItemFailure[] }[]>;
  /**
   * Makes what became of items in groups of an earlier start a matter of this one, which they have ended in. Nobody writes
   * to those groups any more. Safe to repeat.
   * @param input.groups with the start that each was of
   */
  takeOverOutcomes(input: ListedBatchRef & { groups: readonly (ItemRange & { start: string })[] }): Promise<void>;
  /**
   * Notes the first failure in a start of a batch that begins nothing after it, for its groups and for those that earlier
   * starts left running. Safe to repeat.
   */
  noteFailure(input: ListedBatchRef): Promise<void>;
  /** Notes for the open groups that the batch is paused, or that it goes on. Safe to repeat. */
  notePause(input: ListedBatchRef & { paused: boolean }): Promise<void>;
  /** Groups from that item on that an earlier start of the batch has left running. */
  findEarlierGroups(input: { batchId: string; provider: ProviderName; from: number }): Promise<ItemRange[]>;
  /**
   * Notes when the batch closed: what it keeps in the store is kept for some time from then on.
   * @param input.rest items that this start has not come to; absent if it has come to all
   * @param input.untold groups that ended without a word; a step of theirs that is still under way writes nothing from now on
   * @param input.stopped how it ends, if it was stopped: what became of its items does not tell
   * @returns what is known of these items; nothing if there are none
   */
  closeBatch(
    input: ListedBatchRef & {
      rest?: readonly ItemRange[];
      untold?: readonly ItemRange[];
      stopped?: 'cancelled' | 'deleted';
    },
  ): Promise<BatchCounts | undefined>;
}
