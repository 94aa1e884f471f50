import type fc from 'fast-check';
import type { BatchEvidence } from './batches/evidence';
import { batchViolationsOf } from './batches/promises/batch-promises';
import { BATCH_SITUATIONS, batchSchedules, type BatchSchedule } from './batches/schedule';
import type { Evidence } from './checks/evidence';
import { violationsOf } from './checks/invariants';
import type { DatasetEvidence } from './datasets/evidence';
import { datasetViolationsOf } from './datasets/promises';
import { DATASET_SITUATIONS, datasetSchedules, type DatasetSchedule } from './datasets/schedule';
import type { Lane } from './lane';
import { Coverage } from './schedules/coverage';
import { schedules } from './schedules/draw-schedule';
import type { Schedule } from './schedules/schedule';
import { STRUCK_PHASES } from './schedules/strikes';

export type AnySchedule = Schedule | DatasetSchedule | BatchSchedule;
export type AnyEvidence = Evidence | DatasetEvidence | BatchEvidence;

/** How often what has happened, for each kind of schedule. */
export interface CoverageOfKinds {
  ofKeys: Coverage;
  inDatasets: Coverage;
  ofBatches: Coverage;
}

/** How schedules of one kind are drawn, run and judged. */
export interface Kind<S extends AnySchedule, E extends AnyEvidence> {
  schedules: fc.Arbitrary<S>;
  run(lane: Lane, schedule: S): Promise<E>;
  violationsOf(evidence: E): string[];
  add(coverage: CoverageOfKinds, evidence: E): void;
}

export const MEDIA: Kind<Schedule, Evidence> = {
  schedules,
  run: (lane, schedule) => lane.run(schedule),
  violationsOf,
  add: ({ ofKeys }, evidence) => ofKeys.add(evidence),
};

export const DATASETS: Kind<DatasetSchedule, DatasetEvidence> = {
  schedules: datasetSchedules,
  run: (lane, schedule) => lane.runInDataset(schedule),
  violationsOf: datasetViolationsOf,
  add: ({ inDatasets }, evidence) => inDatasets.add(evidence),
};

export const BATCHES: Kind<BatchSchedule, BatchEvidence> = {
  schedules: batchSchedules,
  run: (lane, schedule) => lane.runBatch(schedule),
  violationsOf: batchViolationsOf,
  add: ({ ofBatches }, { situations, ...evidence }) => {
    const struck = [...evidence.struck, ...evidence.acts].toSorted((one, other) => one.at - other.at);
    ofBatches.add({ situations, struck, phases: struck.map(({ phase, at: from }) => ({ phase, from })) });
  },
};

/** Phases that a lifecycle without branches goes through. */
const PHASES_IN_DATASET = STRUCK_PHASES.filter((phase) => phase !== 'branching');

export const coverageOfKinds = (): CoverageOfKinds => ({
  ofKeys: new Coverage(),
  inDatasets: new Coverage(DATASET_SITUATIONS, PHASES_IN_DATASET),
  ofBatches: new Coverage(BATCH_SITUATIONS),
});
