import { explore } from '../../chaos/explorer';
import type { BatchSchedule } from '../../chaos/batches/schedule';
import type { DatasetSchedule } from '../../chaos/datasets/schedule';
import type { Sabotage } from '../../chaos/sabotage';
import type { Schedule } from '../../chaos/schedules/schedule';
import type { Strike } from '../../chaos/schedules/strikes';
import { SAMPLES } from '../support/system/system';
import { testTools } from '../support/system/test-tools';

jest.setTimeout(300_000);

const schedule = (parts: Partial<Schedule>): Schedule => ({
  source: 'file',
  branches: [],
  onCancel: 'delete',
  onFailure: 'delete',
  around: [],
  strikes: [],
  ...parts,
});

const strike = (phase: Strike['phase'], nth: number, what: Strike['what']): Strike => ({
  phase,
  nth,
  what,
  delayMs: 0,
});

const GUARDS: readonly { sabotage: Sabotage; meets: Schedule; broken: string }[] = [
  {
    sabotage: 'blind', // its first call is the create: it does not look
    meets: schedule({ strikes: [strike('creating', 0, 'drop-after')] }),
    broken: 'one asset per key',
  },
  {
    sabotage: 'reversed-cleanup',
    meets: schedule({ branches: ['index'], strikes: [strike('branching', 2, 'refused')] }),
    broken: 'nothing is left that was to be deleted',
  },
  {
    sabotage: 'vanished-are-orphans',
    meets: schedule({ around: ['retention', 'mark-refused'] }),
    broken: 'what vanished is only reported',
  },
  {
    sabotage: 'shared-result-names',
    meets: schedule({
      branches: ['embed'],
      around: ['shared-account', 'slow-provider'],
      strikes: [strike('branching', 3, 'cancel')],
    }),
    broken: 'another namespace is left alone: its stored result is gone',
  },
  {
    sabotage: 'blind-to-entities',
    meets: schedule({ branches: ['entity'], shape: 'in-others-entity', strikes: [strike('branching', 1, 'refused')] }),
    broken: 'what others have is left alone: the asset was taken out of an entity of others',
  },
  {
    sabotage: 'blind-to-adopters',
    meets: schedule({ source: 'asset', branches: ['embed'], shape: 'old-tags' }),
    broken: 'an adopted asset belongs to its adopter, and to nobody after',
  },
  {
    sabotage: 'keys-in-queries',
    meets: schedule({ around: ['awkward-key'], keyEnd: '\\' }),
    broken: 'the sweep has not ended',
  },
  {
    sabotage: 'forgets-completed',
    meets: schedule({
      branches: ['index'],
      shape: 'branch-added',
      earlier: { branches: ['embed'], strikes: [], sweep: false },
      strikes: [strike('branching', 2, 'cancel')],
    }),
    broken: 'what a key completed with stays: asset',
  },
  {
    sabotage: 'sweep-takes-earlier',
    meets: schedule({
      branches: ['embed'],
      shape: 'branch-added-raw',
      earlier: { branches: ['index'], strikes: [], sweep: false },
      strikes: [strike('branching', 0, 'terminate')],
    }),
    broken: 'what a key completed with stays',
  },
];

const inDataset = (parts: Partial<DatasetSchedule>): DatasetSchedule => ({
  source: 'file',
  around: [],
  onCancel: 'delete',
  onFailure: 'delete',
  strikes: [],
  ...parts,
});

const DATASET_GUARDS: readonly { sabotage: Sabotage; meets: DatasetSchedule; broken: string }[] = [
  {
    sabotage: 'overwrites-untold',
    meets: inDataset({ shape: 'name-taken' }),
    broken: 'nothing is overwritten that was not told',
  },
  {
    sabotage: 'leaves-sessions', // the worker dies once the session is open, and then nobody wants it any more
    meets: inDataset({
      strikes: [
        { phase: 'creating', nth: 3, what: 'cancel', delayMs: 300 },
        { phase: 'creating', nth: 4, what: 'kill-before', delayMs: 0 },
      ],
    }),
    broken: 'no session is left open',
  },
];

const batch = (parts: Partial<BatchSchedule>): BatchSchedule => ({
  into: 'account',
  items: 4,
  groupSize: 2,
  inFlight: 4,
  from: 'folder',
  branches: [],
  failureMode: 'FailAfterAll',
  damaged: 0,
  onCancel: 'delete',
  onFailure: 'delete',
  around: [],
  strikes: [],
  acts: [],
  ...parts,
});

const BATCH_GUARDS: readonly { sabotage: Sabotage; meets: BatchSchedule; broken: string }[] = [
  { sabotage: 'second-outcome', meets: batch({}), broken: 'an outcome is the truth' },
  {
    sabotage: 'forgets-claims',
    meets: batch({ items: 2, around: ['single-meanwhile'] }),
    broken: 'a key has one holder at a time',
  },
  {
    sabotage: 'unheard-stops',
    meets: batch({
      branches: ['index'], // the groups go on for long, also where the batch hears of its stop late
      around: ['slow-answers', 'long-processing'],
      strikes: [strike('processing', 0, 'cancel')],
    }),
    broken: 'a stop reaches every group',
  },
  {
    sabotage: 'unheard-pauses',
    meets: batch({
      groupSize: 1,
      inFlight: 1,
      acts: [{ phase: 'creating', nth: 0, what: 'pause', delayMs: 0 }],
    }),
    broken: 'nothing starts after a stop, or in a pause',
  },
];

test.each(BATCH_GUARDS)('notices of a batch when a guard is taken out: $sabotage', async ({ meets, ...guard }) => {
  await expectNoticed(guard, { batchSchedule: meets });
});

test.each(DATASET_GUARDS)('notices in a dataset when a guard is taken out: $sabotage', async ({ meets, ...guard }) => {
  await expectNoticed(guard, { datasetSchedule: meets });
});

test.each(GUARDS)('notices when a guard is taken out: $sabotage', async ({ meets, ...guard }) => {
  await expectNoticed(guard, { schedule: meets });
});

async function expectNoticed(
  { sabotage, broken }: Pick<(typeof GUARDS)[number], 'sabotage' | 'broken'>,
  schedule: Pick<Parameters<typeof explore>[0], 'schedule' | 'datasetSchedule' | 'batchSchedule'>,
): Promise<void> {
  const { violations } = await explore({
    seeds: [0],
    ...schedule,
    sabotage,
    lanes: 1,
    samples: SAMPLES,
    environment: { ...process.env, TEMPORAL_CLI_PATH: testTools().temporalCli },
    shrinkMs: 0,
    sweepBoundMs: 10_000,
    onProgress: () => {},
  });
  expect(violations.flatMap(({ words }) => words)).toContainEqual(expect.stringContaining(broken));
}
