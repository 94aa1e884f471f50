import type {
  BatchEvidence,
  BatchRunFacts,
  BatchStart,
  GroupFacts,
  ItemStop,
  SingleRun,
} from '../../../chaos/batches/evidence';
import { batchViolationsOf } from '../../../chaos/batches/promises/batch-promises';
import type { ItemOutcome } from '../../../src/contracts/batch/item-outcome';
import type { SweepReport } from '../../../src/contracts/ledger/sweep';

const AT = Date.parse('2026-01-01T00:00:00Z');
const FIRST = '/media/0.jpg';
const SECOND = '/media/1.jpg';
const CALL = { route: 'POST /assets', at: AT + 20_000, outcome: 201 };

const item = (nth: number, key: string): ItemOutcome => ({
  item: nth,
  key,
  of: 'run',
  phase: 'completed',
  outcome: 'completed',
  asset: { id: `asset-${nth}`, status: 'ready' },
});

const group: GroupFacts = {
  workflowId: 'asset-group:spring:0',
  runId: 'group-run',
  closedAs: 'COMPLETED',
  startedAt: AT,
  closedAt: AT + 10_000,
  events: 40,
  longestEvent: 900,
  heard: [],
  lostTask: false,
  from: 0,
  end: 2,
  itemStops: [],
};

const state = {
  assets: [FIRST, SECOND].map((key, nth) => ({
    id: `asset-${nth}`,
    key,
    sha256: `hash-${nth}`,
    released: 'completed',
  })),
  objects: [],
  openSessions: [],
};

const run: BatchRunFacts = {
  ...{ ...group, workflowId: 'asset-batch:spring', runId: 'run' },
  ...{ started: [], toldTooLate: [] },
};

const start: BatchStart = {
  batchId: 'spring',
  runId: 'run',
  closedAs: 'COMPLETED',
  status: {
    ...{
      batchId: 'spring',
      provider: 'twelvelabs',
      phase: 'completed',
      outcome: 'completed',
      refused: 0,
      totalBytes: 2,
    },
    counts: { items: 2, by: { completed: 2 }, bytes: 2 },
    ...{ groups: 0, inFlight: 1000, failures: [], timings: { startedAt: '' } },
  },
  runs: [run],
  listed: [
    { item: 0, key: FIRST },
    { item: 1, key: SECOND },
  ],
  outcomes: [item(0, FIRST), item(1, SECOND)],
  after: state,
  results: {},
  calls: [],
  isOvertaken: false,
};

const report: SweepReport = {
  ...{ provider: 'twelvelabs', dryRun: false, grace: '0s', vanished: [], orphans: [] },
  seen: { others: 0, open: 0, young: 0, wanted: 2, vanished: 0, elsewhere: 0 },
  ...{ marked: 0, unmarked: 0, found: 0, deleted: 0, kept: 0, leftover: 0 },
};

const sound: BatchEvidence = {
  schedule: {
    ...{ into: 'account', items: 2, groupSize: 2, inFlight: 2, from: 'folder', branches: [], damaged: 0, around: [] },
    ...{ failureMode: 'FailAfterAll', onCancel: 'delete', onFailure: 'delete', strikes: [], acts: [] },
  },
  provider: 'twelvelabs',
  situations: [],
  wanted: [FIRST, SECOND].map((key, nth) => ({ path: key, key, sha256: `hash-${nth}`, damaged: false })),
  starts: [start],
  groups: [group],
  singles: [],
  struck: [],
  stops: [],
  acts: [],
  texts: { history: '', log: '', results: '' },
  schemaBreaks: [],
  openSweeps: [],
  beforeSweep: state,
  sweep: { report, after: state },
};

/** A lifecycle of the first key that starts once a group has made an asset of it, and an item that ends after that. */
const single: SingleRun = {
  ...{ key: FIRST, workflowId: 'asset-lifecycle:twelvelabs:first', runId: 'single', closedAs: 'COMPLETED' },
  ...{ startedAt: AT + 2000, madeBefore: ['group-run'], cameToAssetAt: AT + 3000, closedAt: AT + 9000 },
};
const endsAfter = (ms: number): Partial<BatchStart> => ({
  outcomes: [{ ...item(0, FIRST), endedAt: new Date(AT + ms).toISOString() }, item(1, SECOND)],
});

const STOP: ItemStop = { item: 0, outcome: 'deleted', at: AT + 500, steppedAt: AT + 600 };

const started = (changes: Partial<BatchStart>): Partial<BatchEvidence> => ({ starts: [{ ...start, ...changes }] });
const second = (changes: Partial<ItemOutcome>): ItemOutcome => ({ ...item(1, SECOND), ...changes });
const stopped = { ...run, stoppedAt: AT + 1000, heard: ['cancel'] };
const cancelled = { ...start.status, outcome: 'cancelled' } as BatchStart['status'];
const withoutSecond = { ...state, assets: state.assets.slice(0, 1) };
const twice = { ...state, assets: [...state.assets, { id: 'surplus', key: FIRST }] };

test('a batch of which everything is as told breaks no promise', () => {
  expect(batchViolationsOf(sound)).toEqual([]);
});

test('of a start that another one has overtaken nothing is said', () => {
  const failed = { closedAs: 'FAILED', status: undefined };
  expect(batchViolationsOf({ ...sound, ...started({ ...failed, isOvertaken: true }) })).toEqual([]);
});

test('a batch that has lost a task to its worker may tell its groups later', () => {
  expect(
    batchViolationsOf({ ...sound, ...started({ runs: [{ ...stopped, lostTask: true }], status: cancelled }) }),
  ).toEqual([]);
});

test('what an item completed with may go when another batch has taken it up, and was asked to delete it', () => {
  const deleted = second({ outcome: 'deleted', phase: 'deleted' });
  const other = { ...start, batchId: 'summer', after: withoutSecond, outcomes: [item(0, FIRST), deleted] };
  const told = batchViolationsOf({ ...sound, starts: [{ ...start, after: withoutSecond }, other] });
  expect(told.filter((words) => words.includes('an outcome is the truth'))).toEqual([]);
});

test('an item whose deletion was asked for may go while the sweep runs', () => {
  const acts = [{ what: 'force-delete-item', at: AT + 9000, phase: 'branching' as const, words: SECOND }];
  const told = batchViolationsOf({ ...sound, acts, sweep: { report, after: withoutSecond } });
  expect(told.filter((words) => words.startsWith('the sweep finishes'))).toEqual([]);
});

test('an item whose deletion was asked for may be gone though it completed, unless its group heard of that', () => {
  const acts = [{ what: 'force-delete-item', at: AT + 9000, phase: 'branching' as const, words: SECOND }];
  const gone = started({ after: withoutSecond });
  const told = (itemStops: ItemStop[]): string[] =>
    batchViolationsOf({ ...sound, ...gone, acts, groups: [{ ...group, itemStops }] }).filter((words) =>
      words.includes('asset-1 is not there'),
    );
  expect(told([])).toEqual([]);
  expect(told([{ ...STOP, item: 1 }])).toHaveLength(1);
});

test.each([
  [19_500, []],
  [17_000, ['no write starts after a stop: POST /assets started 3000 ms after the stop']],
])('a group may write until a worker is given its stop, and two seconds more: %i ms', (heardMs, broken) => {
  const told = { ...group, stoppedAt: AT + 1500, stopHeardAt: AT + heardMs };
  const calls = { runs: [stopped], status: cancelled, calls: [CALL] };
  expect(batchViolationsOf({ ...sound, ...started(calls), groups: [told] })).toEqual(broken);
});

test.each([
  [19_500, []],
  [17_000, ['no write starts after a stop: POST /assets started 3000 ms after the stop']],
])('so may a group that nobody told, after a worker is given the stop of its batch: %i ms', (heardMs, broken) => {
  const calls = { runs: [{ ...stopped, stopHeardAt: AT + heardMs }], status: cancelled, calls: [CALL] };
  const ended = { ...group, closedAs: 'TERMINATED' };
  expect(batchViolationsOf({ ...sound, ...started(calls), groups: [ended] })).toEqual(broken);
});

test('an item that ended before the step that was to stop it, or before the stop, need not obey, nor one of an earlier start', () => {
  const cancelled: ItemStop = { ...STOP, outcome: 'cancelled' };
  const told = (changes: Partial<ItemStop>): string[] =>
    batchViolationsOf({
      ...sound,
      ...started(endsAfter(1000)),
      groups: [{ ...group, itemStops: [{ ...cancelled, ...changes }] }],
    });
  expect(told({})).toEqual(['an item is stopped by itself: item 0 was to be cancelled, yet it is completed']);
  expect(told({ outcome: 'deleted', steppedAt: AT + 1000 })).toHaveLength(1); // force comes after an end as well
  expect(told({ steppedAt: undefined })).toHaveLength(1); // nobody has heard of the stop
  const takenUp = { ...single, startedAt: AT + 1500 };
  const byForce = { ...cancelled, outcome: 'deleted', steppedAt: AT + 2000 } as const;
  const beside = (singles: BatchEvidence['singles']): string[] =>
    batchViolationsOf({ ...sound, ...started(endsAfter(1000)), singles, groups: [{ ...group, itemStops: [byForce] }] });
  const words = 'an item is stopped by itself: item 0 was to be deleted, yet it is completed';
  expect(beside([{ ...takenUp, cameToAssetAt: AT + 1800 }])).not.toContain(words); // it is of whoever has its key
  expect(beside([{ ...takenUp, cameToAssetAt: undefined }])).toContain(words);
  const before = { steppedAt: undefined, at: AT + 1000 };
  expect([told({ steppedAt: AT + 1000 }), told(before)]).toEqual([[], []]);
  const ofEarlier = { ...group, startedAt: AT - 1, itemStops: [STOP] };
  expect(batchViolationsOf({ ...sound, ...started(endsAfter(1000)), groups: [ofEarlier] })).toEqual([]);
});

test('a group that closed while its batch told it of a stop need not have heard of it', () => {
  const told = started({ runs: [{ ...stopped, toldTooLate: ['asset-group:spring:0'] }], status: cancelled });
  expect(batchViolationsOf({ ...sound, ...told })).toEqual([]);
});

test('what a group has left is to be gone after the sweep, unless it was marked as completed just before its end', () => {
  const outcomes = [item(0, FIRST), { ...item(1, SECOND), phase: 'branching', outcome: undefined } as ItemOutcome];
  const status = { ...start.status, counts: { items: 2, by: { completed: 1, branching: 1 }, bytes: 2 } };
  const ended: Partial<BatchEvidence> = {
    ...started({ outcomes, status: { ...status, outcome: 'failed' } as BatchStart['status'] }),
    groups: [{ ...group, closedAs: 'TERMINATED' }],
  };
  const words = 'the sweep finishes the job, and no more: /media/1.jpg: left asset asset-1';
  const marked = (released: string | undefined) => {
    const after = { ...state, assets: state.assets.map((one, nth) => (nth === 1 ? { ...one, released } : one)) };
    return batchViolationsOf({ ...sound, ...ended, sweep: { report, after } }).filter((one) => one === words);
  };
  expect(marked('completed')).toEqual([]);
  expect(marked(undefined)).toEqual([words]);
});

test('what another batch has made of the same key is not what an ended one left', () => {
  const policy = 'force-delete';
  const gone = { phase: 'cancelled', outcome: 'cancelled', receipt: { policy, entries: [] } } as Partial<ItemOutcome>;
  const first = { ...start, closedAs: 'TERMINATED', status: undefined, outcomes: [item(0, FIRST), second(gone)] };
  const made = (batchId: string) => {
    const assets = state.assets.map((one, nth) =>
      nth === 1 ? { ...one, workflowId: `asset-group:${batchId}:0` } : one,
    );
    const starts = [
      { ...first, after: { ...state, assets } },
      { ...start, batchId: 'summer' },
    ];
    const words = 'nothing is left that was to be deleted: /media/1.jpg was to delete asset asset-1';
    return batchViolationsOf({ ...sound, starts }).filter((one) => one === words).length;
  };
  expect([made('summer'), made('spring')]).toEqual([0, 1]);
});

test.each<[string, Partial<BatchEvidence>]>([
  ['it had come to nothing', { singles: [{ ...single, cameToAssetAt: undefined }] }],
  ['it had come to its asset only after the item’s end', { singles: [{ ...single, cameToAssetAt: AT + 5001 }] }],
  ['it had come to its asset before, and was joined', { singles: [{ ...single, cameToAssetAt: AT + 1999 }] }],
  ['no group had made an asset of its key', { singles: [{ ...single, madeBefore: [] }] }],
  ['it is of another key', { singles: [{ ...single, key: SECOND }] }],
  ['the item had ended before', started(endsAfter(1500))],
  ['the group that had made it ended before the item', { groups: [{ ...group, closedAt: AT + 4000 }] }],
  ['another group had made it', { groups: [{ ...group, runId: 'other' }] }],
])('a lifecycle beside an item breaks no promise where %s', (_where, changes) => {
  const evidence = { ...sound, ...started(endsAfter(5000)), singles: [single], ...changes };
  expect(batchViolationsOf(evidence).filter((words) => words.startsWith('a key has one holder'))).toEqual([]);
});

const BROKEN: Readonly<Record<string, Partial<BatchEvidence>>> = {
  'ends within a bound: asset-group:spring:0': { groups: [{ ...group, closedAs: 'RUNNING' }] },
  'closes as its outcome says': started({ closedAs: 'FAILED', status: undefined }),
  'counts are those of the outcomes: told': started({
    status: {
      ...start.status,
      counts: { items: 2, by: { completed: 1, failed: 1 }, bytes: 2 },
    } as BatchStart['status'],
  }),
  'obeys an accepted stop': started({ runs: [stopped] }),
  'a stop reaches every group': { ...started({ runs: [stopped], status: cancelled }) },
  'nothing starts after a stop, or in a pause': started({
    runs: [{ ...run, started: [{ workflowId: 'asset-group:spring:0', runId: 'x', at: AT, untimely: 'paused' }] }],
  }),
  'no write starts after a stop: POST /assets started 19000 ms': started({
    ...{ runs: [stopped], status: cancelled, calls: [CALL] },
  }),
  'what has completed is not made again: start 2: everything had completed': {
    starts: [start, { ...start, calls: [CALL] }],
  },
  'the sweep finishes the job, and no more: /media/1.jpg: removed': {
    sweep: { report, after: withoutSecond },
  },
  'a sweep takes nothing from an open batch': {
    openSweeps: [
      {
        open: [{ runId: 'group-run', from: 0, end: 2 }],
        report: {
          ...report,
          orphans: [{ assetId: 'asset-0', key: FIRST, cause: 'stopped', policy: 'delete', entries: [] }],
        },
      },
    ],
  },
  'no session is left open: session one': {
    beforeSweep: { ...state, openSessions: [{ id: 'one', hasAll: false }] },
  },
  'histories are short: asset-group:spring:0 has 90 events': { groups: [{ ...group, events: 90 }] },
  'histories are short: asset-group:spring:0 has an event of': { groups: [{ ...group, longestEvent: 30_000 }] },
  'nothing secret is kept: a presigned URL is in the history': {
    texts: { ...sound.texts, history: 'https://store?X-Amz-Signature=0123456789' },
  },
  'one asset per key': { beforeSweep: twice },
  'each item has one outcome: item 1 has no outcome': started({ outcomes: [item(0, FIRST)] }),
  'each item has one outcome: item 0 is in the report 2 times': started({
    outcomes: [...start.outcomes, item(0, FIRST)],
  }),
  'an outcome is the truth: /media/1.jpg is completed, but its asset asset-1 is not there': started({
    after: withoutSecond,
  }),
  'an outcome is the truth: /media/1.jpg is completed, but its asset asset-0 is of /media/0.jpg': started({
    outcomes: [item(0, FIRST), second({ asset: { id: 'asset-0', status: 'ready' } })],
  }),
  "an item's receipt is the truth: /media/1.jpg: asset asset-1 is called deleted": started({
    outcomes: [
      item(0, FIRST),
      second({
        ...{ outcome: 'failed', phase: 'failed' },
        receipt: {
          policy: 'delete',
          entries: [{ resource: 'asset', id: 'asset-1', result: 'deleted', because: '', at: '' }],
        },
      }),
    ],
  }),
  'nothing is left that was to be deleted: /media/1.jpg was to delete': started({
    outcomes: [
      item(0, FIRST),
      second({ outcome: 'failed', phase: 'failed', receipt: { policy: 'delete', entries: [] } }),
    ],
  }),
  'an item fails alone: /media/1.jpg is failed': started({
    outcomes: [item(0, FIRST), second({ outcome: 'failed', phase: 'failed' })],
  }),
  'a key has one holder at a time: /media/0.jpg: the lifecycle single came to an asset': {
    ...started(endsAfter(5000)),
    singles: [single],
  },
  'a key in use has a holder at work: /media/1.jpg: nobody who is named': started({
    outcomes: [
      item(0, FIRST),
      second({
        ...{ outcome: 'failed', phase: 'failed' },
        error: { type: 'KeyInUse', message: 'key: the lifecycle x is at work' },
      }),
    ],
  }),
};

test.each(Object.entries(BROKEN))('it is told: %s', (words, changes) => {
  expect(batchViolationsOf({ ...sound, ...changes })).toContainEqual(expect.stringContaining(words));
});
