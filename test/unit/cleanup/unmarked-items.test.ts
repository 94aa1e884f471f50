import { createGroupSteps } from '../../../src/activities/batch/group-steps';
import { createRemoveResources } from '../../../src/activities/cleanup/remove-resources';
import { createSubmitSource } from '../../../src/activities/submit-source';
import { failure } from '../../../src/contracts/failures';
import { lifecycleWorkflowId } from '../../../src/contracts/ids';
import type { CleanupPolicy } from '../../../src/contracts/cleanup-policy';
import type { ReceiptEntry } from '../../../src/contracts/lifecycle-status';
import { readTag, type LifecycleTag } from '../../../src/contracts/resource';
import type { DescribedRun } from '../../../src/contracts/runs';
import { activityEnvironment } from '../../support/activity-dependencies';
import { BatchPlace } from '../../support/batches/batch-place';
import { listedGroup } from '../../support/batches/listed-group';

/** An item has completed with its asset, and the provider refused its release mark; then its key is started by itself. */
let place: BatchPlace;
let tag: LifecycleTag;
beforeEach(async () => {
  place = await BatchPlace.make();
  const key = `${place.listing.media}/a.mp4`;
  const workflowId = lifecycleWorkflowId('twelvelabs', key);
  tag = { key, workflowId, runId: 'single', onCancel: 'delete', onFailure: 'keep' };
});
afterEach(() => place.close());

const inActivity = <T>(work: () => Promise<T>): Promise<T> => activityEnvironment().run(work) as Promise<T>;

/** @param upTo the last step that the item has taken */
async function ingested(upTo: 'settled' | 'completed'): Promise<void> {
  const input = await listedGroup(place, ['a.mp4']);
  const steps = createGroupSteps(place.deps);
  await inActivity(() => steps.submitItems(input));
  await inActivity(() => steps.settleItems(input));
  if (upTo === 'settled') return;
  place.provider.failNext('assets.annotate', failure('ProviderRejected', 'no'));
  const { counts } = await inActivity(() => steps.releaseItems(input));
  expect(counts.by).toEqual({ completed: 1 });
  expect(tagOfAsset()?.released).toBeUndefined();
}

const submitAlone = () => {
  const source = { type: 'file', path: tag.key } as const;
  const upload = { method: 'auto', concurrency: 4 } as const;
  const common = { provider: 'twelvelabs', source, filename: 'a.mp4', metadata: {}, fields: {}, upload, branches: [] };
  const input = { ...common, preflight: false, tag, since: new Date().toISOString() };
  return inActivity(async () => createSubmitSource(place.deps)(input));
};

function cleanUp(policy: CleanupPolicy = 'delete'): Promise<ReceiptEntry[]> {
  const [id] = place.provider.held.keys();
  const resource = { kind: 'asset', id, adopted: false, tag, filename: 'a.mp4' } as const;
  const input = { provider: 'twelvelabs', resources: [resource], policy };
  return inActivity(() => createRemoveResources(place.deps)(input));
}

const tagOfAsset = () => [...place.provider.held.values()].map(({ metadata }) => readTag(metadata))[0];
const group = (changes: Partial<DescribedRun>): DescribedRun => ({
  ...{ workflowId: 'asset-group:b:0', runId: 'run-of-b', key: 'asset-group:b:0', open: false },
  ...changes,
});

test.each<[string, DescribedRun | undefined]>([
  ['has ended', group({ ended: 'completed' })],
  ['goes on', group({ open: true })],
  ['was ended from outside', group({ ended: 'stopped' })],
  ['is forgotten', undefined],
])('a cancelled start of its key leaves the asset of an item whose group %s', async (_case, run) => {
  place.deps = { ...place.deps, runs: { ...place.deps.runs, find: async () => run } };
  await ingested('completed');
  expect(await submitAlone()).toMatchObject({ completedBefore: true });
  expect(tagOfAsset()).toMatchObject({ workflowId: tag.workflowId, completedBy: 'run-of-b' });
  expect(await cleanUp()).toMatchObject([{ result: 'kept', because: expect.stringContaining('completed with it') }]);
  expect(tagOfAsset()).toMatchObject({ released: 'completed' });
});

test('so does one that was cancelled before it came to the asset', async () => {
  await ingested('completed');
  expect(await cleanUp()).toMatchObject([{ result: 'kept' }]);
  expect(place.provider.held.size).toBe(1);
});

test('so does an item of another batch that is stopped once it has set its own mark', async () => {
  await ingested('completed');
  const group = await listedGroup(place, ['a.mp4'], { batchId: 'c' });
  const steps = createGroupSteps(place.deps);
  await inActivity(() => steps.submitItems(group));
  await inActivity(() => steps.settleItems(group));
  const { assets } = place.provider;
  const annotate = assets.annotate.bind(assets);
  assets.annotate = async (...marks) => {
    await annotate(...marks);
    throw failure('ProviderUnavailable', 'its answer was lost');
  };
  await expect(inActivity(() => steps.releaseItems(group))).rejects.toMatchObject({ type: 'ProviderUnavailable' });
  expect(tagOfAsset()).toMatchObject({ runId: 'run-of-c', released: 'completed', completedBy: 'run-of-b' });
  assets.annotate = annotate;
  const { counts } = await inActivity(() => steps.stopItems({ ...group, outcome: 'cancelled', policy: 'delete' }));
  expect([counts.by, place.provider.held.size]).toEqual([{ cancelled: 1 }, 1]);
});

test('force takes it, and what the item has not completed with goes as the policy says', async () => {
  await ingested('completed');
  expect(await cleanUp('force-delete')).toMatchObject([{ result: 'deleted' }]);
  await place.close();
  place = await BatchPlace.make();
  tag = { ...tag, key: `${place.listing.media}/a.mp4` };
  await ingested('settled'); // and its group was ended from outside
  expect(await submitAlone()).not.toHaveProperty('completedBefore');
  expect(await cleanUp()).toMatchObject([{ result: 'deleted' }]);
});

test('another asset that carries the item’s tag is none that it completed with', async () => {
  await ingested('completed');
  const [made] = place.provider.held.values();
  place.provider.held.clear();
  place.provider.addAsset({ id: 'another', filename: 'a.mp4', metadata: made?.metadata });
  expect(await cleanUp()).toMatchObject([{ id: 'another', result: 'deleted' }]);
});
