import { createBatchSteps } from '../../../src/activities/batch/batch-steps';
import { createGroupSteps } from '../../../src/activities/batch/group-steps';
import { acceptBatch } from '../../../src/batch/accept-batch';
import { GROUP_STEPS, type GroupNews, type GroupStep, type GroupStepInput } from '../../../src/contracts/batch/groups';
import type { ItemOutcome } from '../../../src/contracts/batch/item-outcome';
import { failure } from '../../../src/contracts/failures';
import { createItemOutcomes } from '../../../src/storage/batches/item-outcomes';
import { createFolderResultStore } from '../../../src/storage/results/folder-result-store';
import { activityEnvironment, OWNER } from '../../support/activity-dependencies';
import { BatchPlace } from '../../support/batches/batch-place';

let place: BatchPlace;
beforeEach(async () => {
  place = await BatchPlace.make();
});
afterEach(() => place.close());

const inActivity = <T>(work: () => Promise<T>): Promise<T> => activityEnvironment().run(work) as Promise<T>;

async function listed(files: readonly string[], each: object = {}): Promise<GroupStepInput> {
  const input = await place.put(files);
  const batch = { ...acceptBatch({ batchId: 'b', ...input, each: { ...input.each, ...each } }), batchId: 'b' };
  const list = await inActivity(() => createBatchSteps(place.deps).listItems({ batch, start: 'start-1' }));
  const { batchId, storeId, start } = list;
  const group = { workflowId: 'asset-group:b:0', runId: 'run-1', batchWorkflowId: 'asset-batch:b' };
  return { ...group, stopsAtFailure: false, batchId, storeId, start, provider: 'twelvelabs', from: 0, end: list.items };
}

async function outcomesOf(input: GroupStepInput): Promise<ItemOutcome[]> {
  const outcomes = createItemOutcomes(place.deps.batches.files, { owner: OWNER, batchId: input.batchId });
  return [...(await outcomes.read(input)).values()].sort((one, other) => one.item - other.item);
}

/** Takes the steps in their order until none is due. */
async function toTheEnd(input: GroupStepInput): Promise<GroupNews> {
  const steps = createGroupSteps(place.deps);
  const all: Record<GroupStep, () => Promise<GroupNews>> = {
    submit: () => steps.submitItems(input),
    settle: () => steps.settleItems(input),
    branch: () => steps.branchItems(input),
    collect: () => steps.collectItems(input),
    release: () => steps.releaseItems(input),
    clean: () => steps.cleanItems(input),
  };
  let news = await inActivity(all.submit);
  while (GROUP_STEPS.some((step) => news.due[step] > 0)) {
    for (const step of GROUP_STEPS) if (news.due[step] > 0) news = await inActivity(all[step]);
  }
  return news;
}

test.each([
  ['cancelled', undefined, 'delete', 0],
  ['cancelled', 'keep', 'keep', 1],
  ['deleted', 'force-delete', 'force-delete', 0],
] as const)('a stop settles a create whose answer was lost: %s, %s', async (outcome, policy, told, left) => {
  const input = await listed(['a.mp4']);
  const steps = createGroupSteps(place.deps);
  place.provider.failNext('intake.submit of one', failure('OutcomeUnknown', 'no answer'), 'after');
  await expect(inActivity(() => steps.submitItems(input))).rejects.toMatchObject({ type: 'OutcomeUnknown' });
  expect(place.provider.held.size).toBe(1);
  const news = await inActivity(() => steps.stopItems({ ...input, outcome, policy }));
  expect(news.counts.by).toEqual({ [outcome]: 1 });
  expect(place.provider.held.size).toBe(left);
  expect(await outcomesOf(input)).toMatchObject([
    { outcome, receipt: { policy: told, entries: [{ resource: 'asset', result: left === 1 ? 'kept' : 'deleted' }] } },
  ]);
});

test('what a cleanup could not finish is left over, and fails the item with its reason', async () => {
  const input = await listed(['a.mp4', 'b.mp4']);
  const steps = createGroupSteps(place.deps);
  await inActivity(() => steps.submitItems(input));
  place.provider.failNext('assets.remove', failure('ProviderRejected', 'not today'));
  const { counts } = await inActivity(() => steps.stopItems({ ...input, outcome: 'cancelled' }));
  expect(counts.by).toEqual({ cancelled: 1, failed: 1 });
  const failed = (await outcomesOf(input)).find(({ outcome }) => outcome === 'failed');
  expect(failed).toMatchObject({
    error: { message: expect.stringMatching(/^Cleanup could not finish: asset .* is left over: .*not today/) },
    receipt: { entries: [{ result: 'leftover' }] },
  });
});

test('items that had completed are left alone by a stop', async () => {
  const input = await listed(['a.mp4']);
  await toTheEnd(input);
  const steps = createGroupSteps(place.deps);
  const { counts } = await inActivity(() => steps.stopItems({ ...input, outcome: 'deleted', policy: 'force-delete' }));
  expect(counts.by).toEqual({ completed: 1 });
  expect(place.provider.held.size).toBe(1);
});

test('each item takes all of its branches; where one fails, the item fails and names it', async () => {
  place.deps = { ...place.deps, results: createFolderResultStore(`${place.listing.media}/../results`) };
  const branch = [{ type: 'embed' }, { type: 'index', indexId: 'i' }];
  const input = await listed(['a.mp4', 'b.mp4'], { branch, cleanup: { onFailure: 'keep' } });
  place.provider.failNext('index.start', failure('ProviderRejected', 'no such index'));
  const { counts } = await toTheEnd(input);
  expect(counts.by).toEqual({ completed: 1, failed: 1 });
  const [failed, completed] = (await outcomesOf(input)).toSorted((one) => (one.outcome === 'failed' ? -1 : 1));
  expect(completed?.branches).toMatchObject([
    { type: 'embed', status: 'ready' },
    { type: 'index', status: 'ready' },
  ]);
  expect(failed?.error).toMatchObject({
    type: 'ProviderRejected',
    message: 'index failed, of 2 branches: no such index',
  });
});

test('what cannot be an asset is told before a byte of it goes out', async () => {
  const input = await listed(['a.mp4'], { preflight: true, branch: { type: 'embed' } });
  const { counts, failures } = await toTheEnd(input);
  expect(counts.by).toEqual({ failed: 1 });
  expect(failures).toMatchObject([{ error: { type: 'InvalidRequest' } }]);
  expect(place.provider.calls.filter((call) => call.startsWith('intake.submit'))).toEqual([]);
});

test('items that failed are cleaned up after as their policy says', async () => {
  const input = await listed(['a.mp4', 'b.mp4'], { cleanup: { onFailure: 'delete' } });
  const steps = createGroupSteps(place.deps);
  await inActivity(() => steps.submitItems(input));
  for (const asset of place.provider.held.values()) Object.assign(asset, { status: 'failed', errorMessage: 'broken' });
  const { watcher } = place.deps.accounts.twelvelabs ?? {};
  if (watcher) watcher.until = async (handle) => ({ handle, state: 'failed', message: 'broken' });
  await inActivity(() => steps.settleItems(input));
  const news = await inActivity(() => steps.cleanItems(input));
  expect(news.counts.by).toEqual({ failed: 2 });
  expect(place.provider.held.size).toBe(0);
});
