import type { EmulatorState } from '../../emulator/twelvelabs/control-client';
import type { SweepReport } from '../../src/contracts/ledger/sweep';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import type { Schedule } from '../schedules/schedule';
import type { Happening, StopKind, StruckPhase } from '../schedules/strikes';
import type { Situation } from '../schedules/situations';

/** A call that the lifecycle made to the provider. */
export interface JournalEntry {
  route: string;
  /** Epoch milliseconds. */
  at: number;
  outcome?: number | 'dropped';
}

/** Something that did happen, and when. */
export interface Struck {
  what: Happening;
  at: number;
  /** Of the call that it came with, as far as calls tell. */
  phase: StruckPhase;
}

/** A stop that was asked for. `accepted`: the lifecycle was still open, so that it must obey. */
export interface AskedStop {
  what: StopKind;
  at: number;
  accepted: boolean;
  /** When a worker was given it. */
  heardAt?: number;
}

/** What is at the provider and not the lifecycle's own: from before, or made by others meanwhile. */
export interface Before {
  /** The asset to adopt. */
  assetId?: string;
  /** The entity to join. */
  entityId?: string;
  /** True if the asset was in that entity already. */
  isMember?: boolean;
  /** The asset's entry in the index of the branch. */
  entryId?: string;
  /** The asset's entry in an index of others. */
  othersEntry?: string;
  /** An entity of others that holds the asset. */
  othersEntityId?: string;
  /** The lifecycle's own entity, to which others added an asset. */
  joinedEntityId?: string;
  /** Kept by an earlier run of the key, of another content. */
  earlierAssetId?: string;
  /** SHA-256 of the file or URL that the lifecycle was given. */
  contentSha256?: string;
}

/** A sweep and what is at the provider after it; without a report when it did not end in time. */
export interface Swept {
  report?: SweepReport;
  after: EmulatorState;
}

/** The lifecycle of the same key in another namespace, on the same account and result store. */
export interface Twin {
  assetId: string;
  resultSha256: string;
  /** When all is over; undefined when the file is gone. */
  resultSha256After?: string;
  /** A sweep of its namespace, after all others. */
  sweep: Swept;
}

/** What is known of one run of a key when it has ended and nothing could come late any more. */
export interface RunEvidence {
  schedule: Schedule;
  key: string;
  runId: string;
  /** Undefined when the lifecycle did not end in time. */
  status?: LifecycleStatus;
  /** Temporal's own word: `COMPLETED`, `FAILED`, `CANCELLED`, `TERMINATED`. */
  closedAs: string;
  phases: { phase: StruckPhase | 'closed'; from: number }[];
  events: number;
  /** Everything that was written down, readable: the history, the log of the workers, heartbeats, stored results. */
  texts: Record<'history' | 'log' | 'heartbeats' | 'results', string>;
  calls: JournalEntry[];
  struck: Struck[];
  stops: AskedStop[];
  /** True if a release mark was refused by the surroundings. */
  marksRefused: boolean;
  /** One was let through while a sweep worked beside the run, and may have been the run's. */
  marksAside: boolean;
  /** At the provider, before any later sweep. */
  beforeSweep: EmulatorState;
  /** One that ran while the lifecycle was open; `stillOpen`: also when the sweep had ended. */
  openSweep?: Swept & { stillOpen: boolean };
  before: Before;
  twin?: Pick<Twin, 'assetId'>;
  /** What the key had before this run. */
  had?: Had;
}

/** What there is of a key when a later run of it starts. */
export interface Had {
  state: EmulatorState;
  /** The run, if it was terminated: a write of it that was on its way may take effect while the later run works. */
  terminatedRunId?: string;
  /** True if a run has completed, so that all of it is to stay. */
  completed: boolean;
  /** The key's own asset, unless it was adopted. */
  assetId?: string;
  /** Ids of branch objects that the completed run made or found. */
  objects: string[];
  /** The asset was put into the entity that existed before. */
  isMember: boolean;
  /** SHA-256 of stored results, by their URI. */
  results: Record<string, string>;
}

/** Everything there is to be known of a schedule; the invariants are checked against it and nothing else. */
export interface Evidence extends RunEvidence {
  /** Situations of the schedule that were really there. */
  situations: Situation[];
  /** The run that the key had before, URIs of what it stored, and the sweep after it. */
  earlier?: { run: RunEvidence; results: string[]; sweep?: Swept };
  /** Requests and answers that were not as the provider's schemas say, a line each. */
  schemaBreaks: string[];
  /** The one that finds everything old enough. */
  sweep: Swept;
  /** One that runs before it, with an hour's grace. */
  youngSweep?: Swept;
  /** SHA-256 of each stored result that a run of the key has told of, after the sweep; undefined when it is gone. */
  resultsAfter: Record<string, string | undefined>;
  twin?: Twin;
}

/** What a lifecycle promises, as checks of what is known of one run. Each gives the violations, in words. */
export type RunInvariant = (evidence: RunEvidence) => string[];
/** What is promised once all is over. */
export type Invariant = (evidence: Evidence) => string[];
