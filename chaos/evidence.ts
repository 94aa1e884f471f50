import type { EmulatorState } from '../emulator/control-client';
import type { SweepReport } from '../src/contracts/ledger/sweep';
import type { LifecycleStatus } from '../src/contracts/lifecycle-status';
import type { Happening, Schedule, StopKind, StruckPhase } from './schedule';

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

/** Everything there is to be known of one run; the invariants are checked against it and nothing else. */
export interface Evidence {
  schedule: Schedule;
  key: string;
  /** Undefined when the lifecycle did not end in time. */
  status?: LifecycleStatus;
  /** Temporal's own word: `COMPLETED`, `FAILED`, `CANCELLED`, `TERMINATED`. */
  closedAs: string;
  phases: { phase: StruckPhase | 'closed'; from: number }[];
  events: number;
  /** The whole history as text. */
  history: string;
  calls: JournalEntry[];
  struck: Struck[];
  stops: AskedStop[];
  /** At the provider, when nothing could come late any more, before and after a sweep without grace. */
  beforeSweep: EmulatorState;
  afterSweep: EmulatorState;
  sweep: SweepReport;
  /** Everything the workers of the run have printed. */
  log: string;
  /** SHA-256 of the stored result, where the status names one. */
  resultSha256?: string;
  /** Which objects at the provider existed before the lifecycle. */
  before: { assetId?: string; entityId?: string; ownEntry?: string; othersEntry?: string };
}
