import type { Branch } from '../branches/branch';
import type { CleanupPolicy } from '../cleanup-policy';
import type { Handle } from '../branches/handle';
import type {
  AssetSnapshot,
  BranchStatus,
  IngestionRef,
  LifecycleError,
  Outcome,
  Phase,
  Receipt,
  ReceiptEntry,
  SourceFacts,
} from '../lifecycle-status';
import type { Resource } from '../resource';

/** A branch of an item, with what it was asked for. */
export interface ItemBranch extends BranchStatus {
  input?: Branch;
}

/** What is known of an item of a batch. Each record of an item replaces the one before. */
export interface ItemOutcome {
  /** The item's number in its batch, from 0. */
  item: number;
  key: string;
  phase: Phase;
  /** Once the item has ended. */
  outcome?: Outcome;
  asset?: AssetSnapshot;
  branches?: readonly ItemBranch[];
  error?: LifecycleError;
  receipt?: Receipt;
  /** Why it was stopped by itself, as somebody said. */
  reason?: string;
  source?: SourceFacts;
  sizeBytes?: number;
  /** The session in which it was handed in last, at a provider that takes many files in one. */
  ingestion?: IngestionRef;
  /** RFC 3339: when its submission began, and when it ended. */
  startedAt?: string;
  endedAt?: string;
  /** Start of the batch that it is of; a later start takes up what did not complete. */
  of?: string;
  /** What the next step has to know; gone once the item has ended. */
  work?: ItemWork;
}

/** An item on its way. */
export interface ItemWork {
  /** Run of the group that owns what it makes. */
  runId: string;
  /** RFC 3339: when its submission began. */
  since: string;
  /** RFC 3339: when it began to wait for its asset, or for its branches. */
  waitsSince?: string;
  /** What it may have made, in order of creation. */
  made: readonly Resource[];
  /** What it was before somebody asked to remove what it had made. */
  before?: ItemOutcome;
  /** Turns that it has had to submit. Each may have sent a create, also one that a worker's death ended. */
  turns?: number;
  /** One create of it was sent at most, and its asset is known: there can be no second asset. */
  sentOnce?: boolean;
  /** Submissions of which no asset came. */
  submissions?: number;
  branches?: readonly BranchOnItsWay[];
  released?: boolean;
  /** RFC 3339: since when its step fails again and again. */
  troubledSince?: string;
  /** How it is to end, since it was stopped by itself. */
  stop?: ItemStop;
  /** Of what ended beside its asset. */
  ended?: readonly ReceiptEntry[];
  /** What an attempt left that is to be repeated. */
  left?: unknown;
}

/** How an item that is stopped is to end. */
export interface ItemStop {
  outcome: 'cancelled' | 'deleted';
  /** Default: its own. */
  policy?: CleanupPolicy;
  /** Why, as somebody said. */
  reason?: string;
}

/** A branch of an item on its way. */
export interface BranchOnItsWay {
  handle?: Handle;
  started?: boolean;
}

/** Items of a batch, by number: `from` to `end`, exclusive. */
export interface ItemRange {
  from: number;
  end: number;
}

/** How many items stand where. Bytes are of those that have ended. */
export interface BatchCounts {
  items: number;
  /** By phase of those under way, and by outcome of those that have ended. */
  by: Readonly<Record<string, number>>;
  bytes: number;
}

export const NO_COUNTS: BatchCounts = { items: 0, by: {}, bytes: 0 };

/** What an earlier start of a batch left undone counts for nothing. @param start run id of the batch's last start */
export const countsInStart = ({ of, outcome }: ItemOutcome, start: string): boolean =>
  of === start || outcome === 'completed';

/** Counts of some items together with those of others. */
export function addCounts(one: BatchCounts, other: BatchCounts): BatchCounts {
  const by: Record<string, number> = { ...one.by };
  for (const [name, count] of Object.entries(other.by)) by[name] = (by[name] ?? 0) + count;
  return { items: one.items + other.items, by, bytes: one.bytes + other.bytes };
}

/** Counts of some items without those of others, which are among them. */
export function withoutCounts(all: BatchCounts, some: BatchCounts): BatchCounts {
  const by: Record<string, number> = { ...all.by };
  for (const [name, count] of Object.entries(some.by)) {
    const left = (by[name] ?? 0) - count;
    if (left === 0) delete by[name];
    else by[name] = left;
  }
  return { items: all.items - some.items, by, bytes: all.bytes - some.bytes };
}

/** Counts of the items that have an outcome record; an item without one is `pending`. */
export function countsOf(outcomes: Iterable<ItemOutcome>, { from, end }: ItemRange): BatchCounts {
  const by: Record<string, number> = {};
  let known = 0;
  let bytes = 0;
  for (const { phase, outcome, sizeBytes = 0 } of outcomes) {
    known += 1;
    const where = outcome ?? phase;
    by[where] = (by[where] ?? 0) + 1;
    if (outcome !== undefined) bytes += sizeBytes;
  }
  const items = end - from;
  if (items > known) by.pending = (by.pending ?? 0) + items - known;
  return { items, by, bytes };
}
