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

const reportOf = (changes: Partial<SweepReport>): SweepReport => ({
  ...{ provider: 'datature-vi', dryRun: false, grace: '0s', vanished: [], marked: 0, unmarked: 0, orphans: [] },
  ...{ found: 0, deleted: 0, kept: 0, leftover: 0 },
  seen: { others: 0, open: 0, young: 0, wanted: 0, vanished: 0, elsewhere: 0 },
  ...changes,
});

const evidence = (after: Partial<DatatureViState>, changes: Partial<DatasetEvidence> = {}): DatasetEvidence => ({
  ...{ schedule: SCHEDULE, situations: [], calls: [], struck: STRUCK, stops: [], phases: [], beforeSweep: STATE },
  runs: [{ ...TERMINATED, status: { outcome: 'cancelled' } as LifecycleStatus }],
  texts: { history: '', log: '', heartbeats: '', results: '' },
  sweep: { report: reportOf({}), after: { ...STATE, ...after } },
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
  const sweep = { report: reportOf({ leftover: 1 }), after: STATE };
  expect(datasetViolationsOf(evidence({}, { sweep }))).toEqual([`${NAME}: the sweep left something over`]);
});

test('force takes what is of others and has the same content, also where a terminated run has no receipt of it', () => {
  const others = { id: 'b', filename: 'a.jpg', sha256: 'h' };
  const schedule = { ...SCHEDULE, shape: 'same-content' } as const;
  const gone = (changes: Partial<DatasetEvidence>) =>
    datasetViolationsOf(evidence({}, { schedule, others, ...changes })).filter((words) =>
      words.startsWith('nothing is'),
    );
  const cancel = { phase: 'creating', nth: 0, what: 'cancel', delayMs: 0 } as const;
  const stops = [{ what: 'cancel', accepted: true }] as DatasetEvidence['stops'];
  const strikes = (cleanup: 'force-delete' | 'delete') => ({ ...schedule, strikes: [{ ...cancel, cleanup }] });
  expect(gone({ schedule: strikes('force-delete'), stops })).toEqual([]);
  expect(gone({ schedule: strikes('force-delete') })).toHaveLength(2); // nobody stopped it
  expect(gone({ schedule: strikes('delete'), stops })).toHaveLength(2);
});

test('a sweep spares what is of others, until a run has overwritten it as it was told', () => {
  const others = { id: 'a', filename: 'a.jpg', sha256: 'of others' };
  const shape = { schedule: { ...SCHEDULE, shape: 'name-taken-told' }, others } as const;
  const before = (sha256: string) => ({ ...shape, beforeSweep: { ...STATE, assets: [{ ...asset('r'), sha256 }] } });
  expect(datasetViolationsOf(evidence({}, before('h')))).toEqual([]);
  const told = before('of others');
  expect(datasetViolationsOf(evidence({}, told))).toEqual([`${NAME}: the sweep removed a`]);
  const file = { filename: 'a.jpg', arrived: true, code: null, assetId: 'a' };
  const came = { sessions: [{ ...session('Reached'), files: [file] }] };
  const open = { ...told, beforeSweep: { ...told.beforeSweep, sessions: [session(null)] } };
  expect(datasetViolationsOf(evidence(came, open))).toEqual([]); // it came once the run had been terminated
  const ended = { ...told, beforeSweep: { ...told.beforeSweep, sessions: [session('Reached')] } };
  expect(datasetViolationsOf(evidence(came, ended))).toHaveLength(1);
});
