import { CancelledFailure } from '@temporalio/common';
import { createBatchSteps } from '../../../../src/activities/batch/batch-steps';
import { createGroupSteps } from '../../../../src/activities/batch/group-steps';
import { createRemoveResources } from '../../../../src/activities/cleanup/remove-resources';
import { createSubmitSource } from '../../../../src/activities/submit-source';
import { createFindMade } from '../../../../src/activities/sweep/find-made';
import { acceptBatch } from '../../../../src/batch/accept-batch';
import { removeBatch } from '../../../../src/batch/remove-batch';
import type { GroupStepInput } from '../../../../src/contracts/batch/groups';
import { batchWorkflowId, groupWorkflowId, lifecycleWorkflowId } from '../../../../src/contracts/ids';
import type { LifecycleTag } from '../../../../src/contracts/resource';
import { activityEnvironment, OWNER } from '../../../support/activity-dependencies';
import { BatchPlace } from '../../../support/batches/batch-place';

/** Items over assets that exist, and starts of the same key. */
const key = 'a1';
const workflowId = lifecycleWorkflowId('twelvelabs', key);
const tag: LifecycleTag = { key, workflowId, runId: 'single', onCancel: 'delete', onFailure: 'keep' };
const claimed = { owner: OWNER, provider: 'twelvelabs', key };
let place: BatchPlace;
beforeEach(async () => {
  place = await BatchPlace.make();
  for (const id of ['a1', 'a2']) place.provider.addAsset({ id, filename: `${id}.mp4`, status: 'ready' });
});
afterEach(() => place.close());

const inActivity = <T>(work: () => Promise<T>): Promise<T> => activityEnvironment().run(work) as Promise<T>;

async function listed(each: object = {}): Promise<GroupStepInput> {
  const items = ['a1', 'a2'].map((assetId) => ({ source: { type: 'asset', assetId } }));
  const batch = { ...acceptBatch({ batchId: 'b', items: { type: 'list', items }, each }), batchId: 'b' };
  const start = 'start-1';
  const { storeId } = await inActivity(() => createBatchSteps(place.deps).listItems({ batch, start }));
  const group = { workflowId: groupWorkflowId('b', 0), runId: 'run-of-b', batchWorkflowId: batchWorkflowId('b') };
  return { ...group, stopsAtFailure: false, batchId: 'b', storeId, start, provider: 'twelvelabs', from: 0, end: 2 };
}

const steps = () => createGroupSteps(place.deps);
const isOpen = (open: string): void => {
  place.deps = { ...place.deps, runs: { ...place.deps.runs, isOpen: async (id) => id === open } };
};
const startAlone = () => {
  const source = { type: 'asset', assetId: 'a1' } as const;
  const upload = { method: 'auto', concurrency: 4 } as const;
  const common = {
    provider: 'twelvelabs',
    source,
    filename: undefined,
    metadata: {},
    fields: {},
    upload,
    branches: [],
  };
  const input = { ...common, preflight: false, tag, since: new Date().toISOString() };
  return inActivity(async () => createSubmitSource(place.deps)(input));
};

test('an item has its key, so that it is found by it', async () => {
  const input = await listed();
  await inActivity(() => steps().submitItems(input));
  const holder = await place.deps.batches.claims.holderOf(claimed);
  expect(holder?.by).toMatchObject({ workflowId: input.workflowId, runId: input.runId, batchId: 'b', item: 0 });
});

test('a start of the key of an item at work comes second', async () => {
  const input = await listed();
  await inActivity(() => steps().submitItems(input));
  isOpen(input.workflowId);
  await expect(startAlone()).rejects.toMatchObject({ type: 'KeyInUse', details: [{ nothingMade: true }] });
});

test('once the item has ended, it does not', async () => {
  const input = await listed();
  await inActivity(() => steps().submitItems(input));
  await inActivity(() => steps().releaseItems(input));
  isOpen(input.workflowId);
  expect(await startAlone()).toMatchObject({ id: 'a1', adopted: true });
  expect((await place.deps.batches.claims.holderOf(claimed))?.by).toMatchObject({ workflowId });
});

describe('while a lifecycle has the key', () => {
  let input: GroupStepInput;
  beforeEach(async () => {
    await startAlone();
    isOpen(workflowId);
    input = await listed({ cleanup: { onFailure: 'force-delete' } });
  });

  test('the item fails, and leaves the asset alone under any policy', async () => {
    await inActivity(() => steps().submitItems(input));
    const { failures, counts } = await inActivity(() => steps().cleanItems(input));
    expect(failures).toMatchObject([{ key, error: { type: 'KeyInUse' } }]);
    expect([counts.by.failed, [...place.provider.held.keys()]]).toEqual([1, ['a1', 'a2']]);
  });

  test.each([
    ['goes on', workflowId],
    ['has ended', 'nobody'],
  ])('so does an item that was stopped by force before it had its key; the lifecycle %s', async (_case, open) => {
    isOpen(open);
    const stopped = { ...place.deps, batches: { ...place.deps.batches, claims: tooSlow() } };
    const environment = activityEnvironment();
    const begun = environment.run(() => createGroupSteps(stopped).submitItems(input));
    setTimeout(() => environment.cancel(), 50);
    await expect(begun).rejects.toThrow();
    await inActivity(() => steps().stopItems({ ...input, outcome: 'deleted', policy: 'force-delete' }));
    expect([...place.provider.held.keys()]).toContain('a1');
  });
});

test('force on a lifecycle that never had its key leaves the asset to the item that has it', async () => {
  const input = await listed();
  await inActivity(() => steps().submitItems(input));
  isOpen(input.workflowId);
  const resource = { kind: 'asset', id: 'a1', adopted: true, tag } as const;
  const removal = { provider: 'twelvelabs', resources: [resource], policy: 'force-delete' } as const;
  const remove = () => inActivity(() => createRemoveResources(place.deps)(removal));
  expect([await remove(), place.provider.held.size]).toEqual([[], 2]);
  isOpen('nobody');
  expect(await remove()).toMatchObject([{ id: 'a1', result: 'deleted' }]);
});

test('force on the key of an item that has ended finds the asset', async () => {
  const input = await listed();
  await inActivity(() => steps().submitItems(input));
  await inActivity(() => steps().releaseItems(input));
  const found = await inActivity(() => createFindMade(place.deps)({ provider: 'twelvelabs', key, workflowId }));
  expect(found.made).toEqual([{ kind: 'asset', id: 'a1', adopted: true }]);
});

test('claims of such items go with their batch', async () => {
  const input = await listed();
  await inActivity(() => steps().submitItems(input));
  await removeBatch(place.deps.batches.files, { owner: OWNER, batchId: 'b' });
  expect(await place.deps.batches.claims.holderOf(claimed)).toBeUndefined();
});

/** Claims in a store that is slower than the stop. */
function tooSlow() {
  const claim = (): Promise<never> =>
    new Promise((_, reject) => setTimeout(() => reject(new CancelledFailure('stopped')), 100));
  return { ...place.deps.batches.claims, claimNew: async () => new Set<number>(), claim };
}
