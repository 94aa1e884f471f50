import type { Activities, EarlierRun } from '../../src/contracts/activities';
import { failure } from '../../src/contracts/failures';
import type { KeyBranch, LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { fakeActivities, forever } from '../support/fake-activities';
import { LifecycleEnvironment, waitFor } from '../support/system/lifecycle-environment';

jest.setTimeout(60_000);
let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create('dev');
}, 120_000);
afterAll(() => lifecycles.close());

const source = { type: 'file', path: '/media/clip.mp4' };
const entity: KeyBranch = {
  type: 'entity',
  status: 'ready',
  id: 'entity-1',
  input: { type: 'entity', collectionId: 'people', name: 'somebody' },
  runId: 'run-0',
};
const earlier: EarlierRun = { assetId: 'asset-1', startedAt: '2026-11-01T10:00:00.000Z', branches: [entity] };

test('a run without a branch shows what the key had of this asset before', async () => {
  const { activities } = fakeActivities();
  const status = await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source }, undefined, earlier);
    return (await handle.result()) as LifecycleStatus;
  });
  expect(status).toMatchObject({ outcome: 'completed', branches: [entity] });
  expect(status.branch).toBeUndefined();
});

test('a cancel that comes as the release mark is set is told that an earlier run completed with the asset', async () => {
  const removed: unknown[] = [];
  const { activities, calls } = fakeActivities({
    submitSource: async () => ({ id: 'asset-1', status: 'ready', completedBefore: true }),
    releaseAsset: forever,
    removeResources: async ({ resources }) => {
      removed.push(...resources);
      return [];
    },
  });
  await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source }, undefined, earlier);
    await waitFor(() => calls.includes('releaseAsset'));
    await handle.signal('cancel', {});
    expect(await handle.result()).toMatchObject({ outcome: 'cancelled' });
  });
  expect(removed).toEqual([expect.objectContaining({ kind: 'asset', id: 'asset-1', completedBefore: true })]);
});

describe('forceDelete removes what an earlier run of the key made', () => {
  /** A run that is forced once `when` has been called. */
  async function forced(when: string, overrides: Partial<Activities>, queue: string | undefined, before?: EarlierRun) {
    const removed: unknown[] = [];
    const { activities, calls } = fakeActivities({
      ...overrides,
      removeResources: async ({ resources, policy }) => {
        removed.push({ policy, resources });
        return [];
      },
    });
    const use = async (): Promise<LifecycleStatus> => {
      const handle = await lifecycles.start({ source }, undefined, before);
      await waitFor(() => calls.includes(when));
      await handle.signal('forceDelete', {});
      return (await handle.result()) as LifecycleStatus;
    };
    const status = await (queue === undefined
      ? lifecycles.with(activities, use, { find: async () => undefined })
      : lifecycles.with(activities, use));
    return { status, removed };
  }
  const keysAsset = [
    { policy: 'force-delete', resources: [expect.objectContaining({ kind: 'asset', earlierId: 'asset-1' })] },
  ];
  const refusesAsItStops: Partial<Activities> = {
    submitSource: () =>
      forever().catch(() => {
        throw failure('InvalidRequest', 'source: other content', { details: { nothingMade: true } });
      }),
  };

  test('also when the run is refused at the same moment', async () => {
    const { status, removed } = await forced('submitSource', refusesAsItStops, 'files', earlier);
    expect(status.outcome).toBe('deleted');
    expect(removed).toEqual(keysAsset);
  });

  test('also before a worker has the file', async () => {
    const { status, removed } = await forced('findSourceQueue', { findSourceQueue: forever }, undefined, earlier);
    expect(status.outcome).toBe('deleted');
    expect(removed).toEqual(keysAsset);
  });

  test('also when whoever started the run told of no earlier one', async () => {
    const { status, removed } = await forced('submitSource', refusesAsItStops, 'files');
    expect(status.outcome).toBe('deleted');
    const wanted = expect.objectContaining({ kind: 'asset', ofEarlierRuns: true }) as unknown;
    expect(removed).toEqual([{ policy: 'force-delete', resources: [wanted] }]);
  });
});
