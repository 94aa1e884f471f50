import type { EmulatorState } from '../../emulator/twelvelabs/control-client';
import type { SweepReport } from '../../src/contracts/ledger/sweep';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import type { Happening, Schedule, StopKind, StruckPhase } from '../schedules/schedule';
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
}

/** A stop that was asked for. `accepted`: the lifecycle was still open, so that it must obey. */
export interface AskedStop {
  what: StopKind;
  at: number;
  accepted: boolean;
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

/** Everything there is to be known of one run; the invariants are checked against it and nothing else. */
export interface Evidence {
  schedule: Schedule;
  /** Situations of the schedule that were really there. */
  situations: Situation[];
  key: string;
  /** Undefined when the lifecycle did not end in time. */
  status?: LifecycleStatus;
  /** Temporal's own word: `COMPLETED`, `FAILED`, `CANCELLED`, `TERMINATED`. */
  closedAs: string;
  phases: { phase: StruckPhase | 'closed'; from: number }[];
  events: number;
  /** Everything that was written down, readable: the history, the log of the workers, heartbeats, stored results. */
  texts: Record<'history' | 'log' | 'heartbeats' | 'results', string>;
  calls: JournalEntry[];
  /** Requests and answers that were not as the provider's schemas say, a line each. */
  schemaBreaks: string[];
  struck: Struck[];
  stops: AskedStop[];
  /** True if a release mark was refused by the surroundings. */
  marksRefused: boolean;
  /** At the provider, when nothing could come late any more. */
  beforeSweep: EmulatorState;
  /** The one that finds everything old enough. */
  sweep: Swept;
  /** One that runs before it, with an hour's grace. */
  youngSweep?: Swept;
  /** One that runs while the lifecycle is open. */
  openSweep?: Swept;
  /** SHA-256 of the stored result after the sweep, where the status names one. */
  resultSha256?: string;
  before: Before;
  twin?: Twin;
}

/** What a lifecycle promises, as checks of what is known of one run. Each gives the violations, in words. */
export type Invariant = (evidence: Evidence) => string[];
