import type { WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import type { RemoveResourcesInput } from '../../src/contracts/activities';
import { failure } from '../../src/contracts/failures';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { fakeActivities, forever } from '../support/fake-activities';
import { LifecycleEnvironment, untilPhase } from '../support/system/lifecycle-environment';

jest.setTimeout(60_000);
let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create('dev');
}, 120_000);
afterAll(() => lifecycles.close());

const source = { type: 'asset', assetId: 'a1' };
const branch = { type: 'entity', collectionId: 'c1', entityId: 'e1' };

/** A promise, and what keeps it. */
function promised(): [Promise<void>, () => void] {
  let keep = (): void => {};
  return [new Promise<void>((resolve) => (keep = resolve)), () => keep()];
}

/** What cleanup was told of the membership that `startBranch` may have made. */
async function membershipAfter(error: Error): Promise<unknown> {
  const told: RemoveResourcesInput[] = [];
  const { activities } = fakeActivities({
    startBranch: async () => {
      throw error;
    },
    removeResources: async (input) => {
      told.push(input);
      return [];
    },
  });
  await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source, branch, cleanup: { onFailure: 'delete' } });
    await handle.result().catch(() => undefined);
  });
  return told[0]?.resources.find(({ kind }) => kind === 'entity-membership');
}

test('a membership is ours only if the step tells of a write', async () => {
  const silent = failure('ProviderRejected', 'POST: refused');
  expect(await membershipAfter(silent)).toMatchObject({ id: 'e1', unproven: true });
  const written = failure('ProviderRejected', 'POST: refused', { details: { mayHaveWritten: true } });
  expect(await membershipAfter(written)).toMatchObject({ id: 'e1', unproven: false });
});

test('a membership whose step was stopped before it began is not taken for ours', async () => {
  const told: RemoveResourcesInput[] = [];
  const { activities } = fakeActivities({
    startBranch: forever,
    removeResources: async (input) => {
      told.push(input);
      return [];
    },
  });
  await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source, branch });
    await untilPhase(handle, 'branching');
    await handle.signal('cancel');
    await handle.result();
  });
  const ofRun = { runId: expect.any(String) }; // whose note on the asset would be the sign
  expect(told[0]?.resources).toMatchObject([
    { kind: 'entity-membership', unproven: true, tag: ofRun },
    { kind: 'asset' },
  ]);
});

test('what was removed by force stands so in the receipt, also when a milder stop comes meanwhile', async () => {
  const [cleaning, begun] = promised();
  const [finished, finish] = promised();
  const policies: string[] = [];
  const { activities } = fakeActivities({
    untilAssetReady: async () => {
      throw failure('ProcessingFailed', 'damaged');
    },
    removeResources: async ({ policy }) => {
      policies.push(policy);
      begun();
      await finished;
      return [];
    },
  });
  const status = await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source, cleanup: { onFailure: 'force-delete' } });
    await cleaning;
    await handle.signal('cancel', { cleanup: 'delete' });
    finish();
    return handle.result().then(
      (result) => result as LifecycleStatus,
      (error: WorkflowFailedError) => (error.cause as ApplicationFailure).details?.[0] as LifecycleStatus,
    );
  });
  expect(policies).toEqual(['force-delete', 'delete']);
  expect(status.receipt?.policy).toBe('force-delete');
});

test('force asks once more by an asset that a milder cleanup has deleted: the key may have more', async () => {
  const [cleaning, begun] = promised();
  const [finished, finish] = promised();
  const told: RemoveResourcesInput[] = [];
  const ofEarlierRun = { resource: 'result', id: 'r1', result: 'deleted', because: 'removed', at: '' } as const;
  const { activities } = fakeActivities({
    untilAssetReady: forever,
    removeResources: async (input) => {
      told.push(input);
      begun();
      await finished;
      const forced = input.policy === 'force-delete';
      const because = forced ? 'the provider does not know it' : 'deleted now';
      const asset = { resource: 'asset', id: 'asset-1', result: 'deleted', because, at: '' } as const;
      return forced ? [ofEarlierRun, asset] : [asset];
    },
  });
  const status = await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source: { type: 'file', path: '/media/clip.mp4' } });
    await untilPhase(handle, 'processing');
    await handle.signal('cancel', { cleanup: 'delete' });
    await cleaning;
    await handle.signal('forceDelete');
    finish();
    return (await handle.result()) as LifecycleStatus;
  });
  expect(told.map(({ policy, resources }) => [policy, resources.map(({ kind }) => kind)])).toEqual([
    ['delete', ['asset']],
    ['force-delete', ['asset']],
  ]);
  expect(status.receipt?.entries).toMatchObject([
    { resource: 'asset', because: 'deleted now' },
    { resource: 'result', id: 'r1' },
  ]);
});

test('what a release said of the asset gives way to what cleanup then did with it', async () => {
  const [releasing, begun] = promised();
  const [finished, finish] = promised();
  const { activities } = fakeActivities({
    releaseAsset: async ({ assetId: id }) => {
      begun();
      await finished;
      return [{ resource: 'asset', id, result: 'kept', because: 'its release mark could not be set', at: '' }];
    },
  });
  const status = await lifecycles.with(activities, async () => {
    const handle = await lifecycles.start({ source: { type: 'file', path: '/media/clip.mp4' } });
    await releasing;
    await handle.signal('forceDelete');
    finish();
    return (await handle.result()) as LifecycleStatus;
  });
  expect(status.receipt?.entries).toMatchObject([{ resource: 'asset', id: 'asset-1', result: 'deleted' }]);
  expect(status.receipt?.entries).toHaveLength(1);
});
