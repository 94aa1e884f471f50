import { setTimeout as delay } from 'node:timers/promises';
import { createBatchSteps } from '../../../src/activities/batch/batch-steps';
import { createGroupSteps } from '../../../src/activities/batch/group-steps';
import type { ActivityDependencies } from '../../../src/activities/dependencies';
import { acceptBatch } from '../../../src/batch/accept-batch';
import type { GroupStepInput } from '../../../src/contracts/batch/groups';
import type { ItemOutcome } from '../../../src/contracts/batch/item-outcome';
import type { Handle } from '../../../src/contracts/branches/handle';
import type { MediaProvider } from '../../../src/providers/media-provider';
import { withGatheredIntake } from '../../../src/providers/shared/gather-submissions';
import { createItemOutcomes } from '../../../src/storage/batches/item-outcomes';
import { activityEnvironment, OWNER } from '../../support/activity-dependencies';
import { BatchPlace } from '../../support/batches/batch-place';
import { pendingProvider } from '../../support/memory/pending-provider';

let place: BatchPlace;
let deps: ActivityDependencies;
beforeEach(async () => {
  place = await BatchPlace.make();
  ({ deps } = place);
});
afterEach(() => place.close());

const inActivity = <T>(work: () => Promise<T>): Promise<T> => activityEnvironment().run(work) as Promise<T>;

async function listed(files: readonly string[], each: object = {}, more: object = {}) {
  const input = await place.put(files);
  const batch = { ...acceptBatch({ batchId: 'b', ...input, each: { ...input.each, ...each }, ...more }), batchId: 'b' };
  return inActivity(() => createBatchSteps(deps).listItems({ batch, start: 'start-1' }));
}

async function group(files: readonly string[]): Promise<GroupStepInput> {
  const { batchId, storeId, start, items } = await listed(files);
  const ids = { workflowId: 'asset-group:b:0', runId: 'run-1', batchWorkflowId: 'asset-batch:b' };
  return { ...ids, stopsAtFailure: false, batchId, storeId, start, provider: 'twelvelabs', from: 0, end: items };
}

/** The provider's traits let submissions wait for each other; gives the names of each call. */
function gathering(provider: MediaProvider): string[][] {
  const calls: string[][] = [];
  const submit = provider.intake.submit.bind(provider.intake);
  const intake: MediaProvider['intake'] = {
    ...provider.intake,
    submit: (items, options) => {
      calls.push(items.map(({ filename }) => filename));
      return submit(items, options);
    },
  };
  const { name, assets, branches } = provider;
  const traits = { ...provider.traits, gatherMs: 20, itemsPerSubmission: 5000 };
  const gathers = withGatheredIntake({
    ...{ name, assets, branches, intake, traits },
    watch: (handles, options) => provider.watch(handles, options),
    close: async () => {},
  });
  const account = deps.accounts.twelvelabs;
  if (!account) throw new Error('no account');
  deps = { ...deps, accounts: { ...deps.accounts, twelvelabs: { ...account, provider: gathers } } };
  return calls;
}

async function outcomes({ from, end }: GroupStepInput): Promise<ItemOutcome[]> {
  const all = await createItemOutcomes(deps.batches.files, { owner: OWNER, batchId: 'b' }).read({ from, end });
  return [...all.values()];
}

test('the items of a group are handed in together, also when one of them is slow', async () => {
  const names = Array.from({ length: 40 }, (_, at) => `${10 + at}.mp4`);
  const input = await group([...names, 'slow.mp4', 'vanished.mp4']);
  const calls = gathering(place.provider);
  const resolve = deps.sources.resolve.bind(deps.sources);
  const sources: typeof deps.sources = {
    resolve: async (path, options) => {
      if (path.endsWith('slow.mp4')) await delay(300);
      return resolve(path.replace('vanished', 'not-there'), options);
    },
  };
  const news = await inActivity(() => createGroupSteps({ ...deps, sources }).submitItems(input));
  expect(calls.map((call) => call.toSorted())).toEqual([[...names, 'slow.mp4']]);
  expect(news).toMatchObject({ due: { settle: 41, clean: 0 }, failures: [{ error: { type: 'InvalidRequest' } }] });
});

test('a file of which nothing came fails with its session in the receipt', async () => {
  const input = await group(['a.mp4', 'b.mp4']);
  gathering(pendingProvider(place.provider));
  const until = async (handle: Handle) => ({
    ...{ handle, state: 'failed' as const, type: 'ProviderRejected' as const, message: 'EBADSIZE: invalid file size' },
  });
  const { twelvelabs } = deps.accounts;
  if (twelvelabs) deps = { ...deps, accounts: { ...deps.accounts, twelvelabs: { ...twelvelabs, watcher: { until } } } };
  const steps = createGroupSteps(deps);
  await inActivity(() => steps.submitItems(input));
  await inActivity(() => steps.settleItems(input));
  await inActivity(() => steps.cleanItems(input));
  for (const { error, receipt } of await outcomes(input)) {
    expect(error?.message).toContain('EBADSIZE');
    expect(receipt?.entries).toContainEqual(
      expect.objectContaining({ resource: 'upload-session', result: 'deleted', id: expect.any(String) as string }),
    );
    expect(receipt?.entries.filter(({ resource }) => resource === 'upload-session')).toHaveLength(1);
  }
});

test('what is submitted by itself is a group of its own', async () => {
  const files = ['a.jpg', 'b.jpg', 'c.mp4', 'd.mp4', 'e.jpg'];
  const ref = await listed(files, { provider: 'datature-vi', datasetId: 'demo' });
  const { groups } = await inActivity(() =>
    createBatchSteps(deps).planGroups({ ...ref, provider: 'datature-vi', from: 0, end: files.length }),
  );
  expect(groups.map(({ from, end }) => [from, end])).toEqual([
    [0, 2],
    [2, 3],
    [3, 4],
    [4, 5],
  ]);
});

test('no group has more items than may be under way, as the first start said', async () => {
  const files = Array.from({ length: 8 }, (_, nth) => `${nth}.mp4`);
  const planned = async (inFlight: number): Promise<number[][]> => {
    const ref = await listed(files, {}, { inFlight });
    const plan = { ...ref, provider: 'twelvelabs', from: 0, end: files.length };
    const { groups } = await inActivity(() => createBatchSteps(deps).planGroups(plan));
    return groups.map(({ from, end }) => [from, end]);
  };
  const groups = [
    [0, 3],
    [3, 6],
    [6, 8],
  ];
  expect(await planned(3)).toEqual(groups);
  expect(await planned(1000)).toEqual(groups); // what lies in the store of the first is found
});
