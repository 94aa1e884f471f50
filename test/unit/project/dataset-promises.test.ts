import type { DatasetEvidence, DatasetRun } from '../../../chaos/datasets/evidence';
import { datasetViolationsOf } from '../../../chaos/datasets/promises';
import type { DatasetSchedule } from '../../../chaos/datasets/schedule';
import type { DatatureViState } from '../../../emulator/datature-vi/control-client';
import { TAG_FIELDS } from '../../../src/contracts/resource';
import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';
import type { SweepReport } from '../../../src/contracts/ledger/sweep';

const STATE: DatatureViState = { datasets: ['demo'], assets: [], sessions: [], multipartUploads: [] };
const SCHEDULE: DatasetSchedule = { source: 'file', around: [], onCancel: 'delete', onFailure: 'delete', strikes: [] };
const TERMINATED: DatasetRun = { key: 'k', runId: 'r', filename: 'a.jpg', sha256: 'h', closedAs: 'TERMINATED' };
const STRUCK = [{ what: 'terminate' } as DatasetEvidence['struck'][number]];

const asset = (runId: string): DatatureViState['assets'][number] => ({
  ...{ assetId: 'a', datasetId: 'demo', filename: 'a.jpg', sha256: 'h', sizeBytes: 1, annotations: 0, sessionId: 's' },
  customMetadata: { [TAG_FIELDS.key]: 'k', [TAG_FIELDS.runId]: runId },
});
const session = (ended: 'Reached' | null) => ({
  ...{ sessionId: 's', datasetId: 'demo', createdAtMs: 0, ended, reason: null, files: [] },
});

const evidence = (after: Partial<DatatureViState>, changes: Partial<DatasetEvidence> = {}): DatasetEvidence => ({
  ...{ schedule: SCHEDULE, situations: [], calls: [], struck: STRUCK, stops: [], phases: [], beforeSweep: STATE },
  runs: [{ ...TERMINATED, status: { outcome: 'cancelled' } as LifecycleStatus }],
  texts: { history: '', log: '', heartbeats: '', results: '' },
  sweep: { report: { leftover: 0 } as SweepReport, after: { ...STATE, ...after } },
  ...changes,
});

const NAME = 'the sweep finishes the job, and no more';

test('what a terminated run left is to be gone after the sweep, and its session ended', () => {
  expect(datasetViolationsOf(evidence({ sessions: [session('Reached')] }))).toEqual([]);
  expect(datasetViolationsOf(evidence({ assets: [asset('r')] }))).toEqual([`${NAME}: the sweep left asset a of k`]);
  expect(datasetViolationsOf(evidence({ assets: [asset('another run')] }))).toEqual([]);
  expect(datasetViolationsOf(evidence({ sessions: [session(null)] }))).toEqual([
    `${NAME}: the sweep left session s open`,
  ]);
});

test('what a terminated run was to keep may stay, and a session that does not tell its files', () => {
  const keeps = { schedule: { ...SCHEDULE, onCancel: 'keep' } } as const;
  expect(datasetViolationsOf(evidence({ assets: [asset('r')], sessions: [session(null)] }, keeps))).toEqual([]);
  const forgets: Partial<DatasetEvidence> = { schedule: { ...SCHEDULE, around: ['forgets-files'] } };
  expect(datasetViolationsOf(evidence({ sessions: [session(null)] }, forgets))).toEqual([]);
});

test('a sweep that leaves something over has not finished', () => {
  const sweep = { report: { leftover: 1 } as SweepReport, after: STATE };
  expect(datasetViolationsOf(evidence({}, { sweep }))).toEqual([`${NAME}: the sweep left something over`]);
});
