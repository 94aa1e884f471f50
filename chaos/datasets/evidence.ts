import type { DatatureViState } from '../../emulator/datature-vi/control-client';
import type { SweepReport } from '../../src/contracts/ledger/sweep';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import type { AskedStop, JournalEntry, RunEvidence, Struck } from '../checks/evidence';
import type { DatasetSchedule, DatasetSituation } from './schedule';

/** What is known of one lifecycle of a schedule. */
export interface DatasetRun {
  key: string;
  runId: string;
  filename: string;
  /** Of its file's content. */
  sha256: string;
  /** Undefined when it did not end in time. */
  status?: LifecycleStatus;
  closedAs: string;
}

/** An asset that was there before. */
export interface OthersAsset {
  id: string;
  filename: string;
  sha256: string;
}

/** Everything there is to be known of a schedule; the promises are checked against it and nothing else. */
export interface DatasetEvidence {
  schedule: DatasetSchedule;
  situations: DatasetSituation[];
  /** The first is the one that is stopped. */
  runs: DatasetRun[];
  others?: OthersAsset;
  calls: JournalEntry[];
  struck: Struck[];
  stops: AskedStop[];
  /** Of the first. */
  phases: RunEvidence['phases'];
  texts: Record<'history' | 'log' | 'heartbeats' | 'results', string>;
  beforeSweep: DatatureViState;
  /** Without a report when it did not end in time. */
  sweep: { report?: SweepReport; after: DatatureViState };
}
