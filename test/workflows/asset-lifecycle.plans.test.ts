import type { LocalActivities, RemoveResourcesInput, StartBranchInput } from '../../src/contracts/activities';
import type { BranchPlan } from '../../src/contracts/branches/branch';
import { failure } from '../../src/contracts/failures';
import { callTaskQueue } from '../../src/contracts/ids';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { fakeActivities, forever } from '../support/fake-activities';
import { LifecycleEnvironment, untilPhase } from '../support/system/lifecycle-environment';

jest.setTimeout(60_000);
let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create('dev');
}, 120_000);
afterAll(() => lifecycles.close());

const provider = 'twelvelabs';
const handle = { kind: 'transcript', id: 't1', words: 'Transcript t1' };

/** Accepts any input, with a branch that no provider has. */
const accepting = (plan: BranchPlan): Partial<LocalActivities> => ({
  acceptInput: async (_input, workflowId) => ({
    provider,
    key: workflowId.split(':').slice(2).join(':'),
    source: { type: 'file', path: '/media/clip.mp4' },
    metadata: {},
    fields: {},
    upload: { method: 'auto', concurrency: 4 },
    branches: [{ type: 'transcribe' }],
    plans: [plan],
    preflight: true,
    cleanup: { onCancel: 'delete', onFailure: 'delete' },
    deadlines: { ready: '1h', branch: '1h' },
    owner: 'namespace-of-tests',
    sourceQueue: callTaskQueue(provider),
  }),
});

const start = async () => lifecycles.start({});

test('a branch unknown to the workflow makes and stores what its plan says', async () => {
  const started: StartBranchInput[] = [];
  const { activities, calls } = fakeActivities({
    startBranch: async (input) => {
      started.push(input);
      return { id: 't1', handle };
    },
  });
  const plan = { makes: { kind: 'transcript', in: 'folder-1' }, stores: true };
  const use = async () => (await (await start()).result()) as LifecycleStatus;
  const status = await lifecycles.with(activities, use, undefined, accepting(plan));
  expect(calls).toEqual([
    'submitSource',
    'untilAssetReady',
    'startBranch transcribe',
    'untilBranchReady transcript',
    'storeRecords transcribe',
  ]);
  expect(started).toMatchObject([{ name: 'clip.mp4', store: { release: { as: 'completed', assetId: 'asset-1' } } }]);
  expect(status.branch).toMatchObject({ type: 'transcribe', id: 't1', status: 'ready', result: { count: 3 } });
});

test('a stop of a branch that makes and stores ends the result, the object and the asset, in this order', async () => {
  const told: RemoveResourcesInput[] = [];
  const { activities, calls } = fakeActivities({
    startBranch: async () => ({ id: 't1', handle }),
    untilBranchReady: forever,
    removeResources: async (input) => {
      told.push(input);
      return [];
    },
  });
  const plan = { makes: { kind: 'transcript', in: 'folder-1', name: 'mine' }, stores: true };
  const use = async (): Promise<void> => {
    const run = await start();
    await untilPhase(run, 'branching');
    while (!calls.includes('untilBranchReady transcript')) await new Promise((resolve) => setTimeout(resolve, 10));
    await run.signal('cancel');
    await run.result();
  };
  await lifecycles.with(activities, use, undefined, accepting(plan));
  expect(told[0]?.resources).toMatchObject([
    { kind: 'result' },
    { kind: 'transcript', branch: 'transcribe', in: 'folder-1', id: 't1', name: 'mine', assetId: 'asset-1' },
    { kind: 'asset', id: 'asset-1' },
  ]);
});

test('a start that proves that nothing was created leaves only the asset to clean up', async () => {
  const { activities, calls } = fakeActivities({
    startBranch: async () => {
      throw failure('ProviderRejected', 'refused', { details: { nothingMade: true } });
    },
  });
  const plan = { makes: { kind: 'transcript', in: 'folder-1' }, stores: true };
  const use = async () => (await start()).result().catch(() => undefined);
  await lifecycles.with(activities, use, undefined, accepting(plan));
  expect(calls.at(-1)).toBe('removeResources asset');
});
