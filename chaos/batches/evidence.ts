import type { BatchStatus } from '../../src/contracts/batch/batch-status';
import type { ItemOutcome } from '../../src/contracts/batch/item-outcome';
import type { SweepReport } from '../../src/contracts/ledger/sweep';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import type { AskedStop, JournalEntry, Struck } from '../checks/evidence';
import type { StruckPhase } from '../schedules/strikes';
import type { BatchSchedule, BatchSituation } from './schedule';

/** A source that the batch is to take. */
export interface Wanted {
  /** Absolute. */
  path: string;
  key: string;
  sha256: string;
  damaged: boolean;
}

/** What there is at the provider, whichever it is. */
export interface PlaceState {
  assets: { id: string; key?: string; workflowId?: string; runId?: string; released?: string; sha256?: string }[];
  /** Made of assets by branches. */
  objects: { id: string; kind: string; key?: string; assetIds: string[] }[];
  /** Upload sessions of many files that go on. `hasAll`: all of its files have arrived. */
  openSessions: { id: string; hasAll: boolean }[];
}

/** A run of a batch or of a group, from its own history. */
export interface RunFacts {
  workflowId: string;
  runId: string;
  closedAs: string;
  /** Epoch milliseconds. */
  startedAt: number;
  closedAt?: number;
  events: number;
  /** Longest event, in characters of its readable JSON. */
  longestEvent: number;
  /** When it was told to stop, by signal or natively. */
  stoppedAt?: number;
  /** When a worker was given it, which takes its time on a loaded machine. */
  stopHeardAt?: number;
  /** Signals that it had, and `native-cancel`. */
  heard: string[];
  /** A worker has not answered a workflow task in time. */
  lostTask: boolean;
}

export interface GroupFacts extends RunFacts {
  from: number;
  end: number;
  itemStops: ItemStop[];
}

/** A signal by which one item was to end. Times are in epoch milliseconds. */
export interface ItemStop {
  item: number;
  outcome: 'cancelled' | 'deleted';
  at: number;
  /** When the step began that ends it; undefined if the group began none. */
  steppedAt?: number;
}

export interface BatchRunFacts extends RunFacts {
  /** Groups that it started. `untimely`: it was paused, or had been stopped. */
  started: { workflowId: string; runId: string; at: number; untimely?: 'paused' | 'stopped' }[];
  /** Groups that had closed when a signal of the batch came to them. */
  toldTooLate: string[];
}

/** One start of a batch, to its end. */
export interface BatchStart {
  batchId: string;
  /** The first of its runs. */
  runId: string;
  /** Undefined when it did not end in time, or was terminated. */
  status?: BatchStatus;
  closedAs: string;
  /** One after the other, continued as new. */
  runs: BatchRunFacts[];
  /** Items in its list. */
  listed: { item: number; key: string }[];
  /**
   * The last record of each item; an item twice if two slices have it. Of a batch that was
   * terminated once its groups have ended, else once it has closed; and so what there is at the provider.
   */
  outcomes: ItemOutcome[];
  after: PlaceState;
  /** SHA-256 of stored results that the outcomes tell of; undefined where the file is gone. */
  results: Record<string, string | undefined>;
  calls: JournalEntry[];
  /** Another start came before it was looked at: what is known of it may be that one's. */
  isOvertaken: boolean;
}

/** A lifecycle of its own of a key of the batch. */
export interface SingleRun {
  key: string;
  workflowId: string;
  runId: string;
  startedAt: number;
  /** Runs of groups that had made an asset of its key just before. */
  madeBefore: string[];
  /** When it came to its asset, made or taken up; it has claimed its key by then. */
  cameToAssetAt?: number;
  closedAt?: number;
  /** Undefined when it did not end in time. */
  status?: LifecycleStatus;
  closedAs: string;
}

/** Everything there is to be known of a schedule; the promises are checked against it and nothing else. */
export interface BatchEvidence {
  schedule: BatchSchedule;
  provider: string;
  situations: BatchSituation[];
  wanted: Wanted[];
  /** The schedule's own, and the one after its end. */
  starts: BatchStart[];
  groups: GroupFacts[];
  singles: SingleRun[];
  struck: Struck[];
  stops: AskedStop[];
  acts: { what: string; at: number; phase: StruckPhase; words?: string }[];
  texts: Record<'history' | 'log' | 'results', string>;
  schemaBreaks: string[];
  /** Sweeps, and groups that were open before and after them. */
  openSweeps: { report: SweepReport; open: { runId: string; from: number; end: number }[] }[];
  beforeSweep: PlaceState;
  /** Without a report when it did not end in time. */
  sweep: { report?: SweepReport; after: PlaceState };
}
