import { createBatchSteps } from '../../../../src/activities/batch/batch-steps';
import { createGroupSteps } from '../../../../src/activities/batch/group-steps';
import { findByTag } from '../../../../src/activities/lib/find-by-tag';
import { acceptBatch } from '../../../../src/batch/accept-batch';
import type { GroupStepInput } from '../../../../src/contracts/batch/groups';
import { failure } from '../../../../src/contracts/failures';
import { carriesTag, tagFields, type LedgerTag } from '../../../../src/contracts/resource';
import type { FindOptions, OwnershipQuery } from '../../../../src/providers/intake';
import { activityEnvironment } from '../../../support/activity-dependencies';
import { BatchPlace } from '../../../support/batches/batch-place';

let place: BatchPlace;
let input: GroupStepInput;
const asked: { query?: OwnershipQuery; options?: FindOptions }[] = [];
beforeEach(async () => {
  place = await BatchPlace.make();
  input = await listed(['a.mp4', 'b.mp4']);
  const { intake } = place.provider;
  const find = intake.find.bind(intake);
  asked.length = 0;
  intake.find = (queries, options) => {
    asked.push(...queries.map((query) => ({ query, options })));
    return find(queries, options);
  };
});
afterEach(async () => {
  for (const end of dead.splice(0)) await end();
  await place.close();
});

/** Ends attempts whose worker died, for this process to end. */
const dead: (() => Promise<void>)[] = [];

const inAttempt = <T>(attempt: number, work: () => Promise<T>): Promise<T> =>
  activityEnvironment({ attempt }).run(work) as Promise<T>;

async function listed(files: readonly string[]): Promise<GroupStepInput> {
  const batch = { ...acceptBatch({ batchId: 'b', ...(await place.put(files)) }), batchId: 'b' };
  const steps = createBatchSteps(place.deps);
  const { batchId, storeId, start, items } = await inAttempt(1, () => steps.listItems({ batch, start: 'start-1' }));
  const group = { workflowId: 'asset-group:b:0', runId: 'run-1', batchWorkflowId: 'asset-batch:b' };
  return { ...group, stopsAtFailure: false, batchId, storeId, start, provider: 'twelvelabs', from: 0, end: items };
}

/** An attempt whose worker dies in the creates of both items, with their effect or without. */
async function died(attempt: number, effect: 'made' | 'not made'): Promise<void> {
  const { intake } = place.provider;
  const submit = intake.submit.bind(intake);
  let sent = 0;
  const never = neverAnswered();
  await new Promise<void>((resolve) => {
    intake.submit = async (items, options) => {
      if (effect === 'made') await submit(items, options);
      if (++sent === 2) resolve();
      return never.promise; // nobody hears of it
    };
    const attempted = inAttempt(attempt, () => createGroupSteps(place.deps).submitItems(input)).catch(() => {});
    dead.push(async () => {
      never.reject(new Error('the test is over'));
      await attempted;
    });
  });
  intake.submit = submit;
}

function neverAnswered() {
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<never>((_resolve, rejects) => (reject = rejects));
  return { promise, reject: (error: Error) => reject(error) };
}

/** Looks of the attempt that goes on, and of the release after it. */
async function looksThen(attempt: number): Promise<{ submit: number; release: number }> {
  const steps = createGroupSteps(place.deps);
  asked.length = 0;
  await inAttempt(attempt, () => steps.submitItems(input));
  const submit = asked.length;
  await inAttempt(1, () => steps.settleItems(input));
  const { counts } = await inAttempt(1, () => steps.releaseItems(input));
  expect(counts.by).toEqual({ completed: 2 });
  expect(place.provider.held.size).toBe(2);
  return { submit, release: asked.length - submit };
}

test('an item whose only create is found is not looked for again when it is released', async () => {
  await died(1, 'made');
  expect(await looksThen(2)).toEqual({ submit: 2, release: 0 });
});

test('one that was created again is: the first create may still have come', async () => {
  await died(1, 'not made');
  expect(await looksThen(2)).toEqual({ submit: 2, release: 2 });
});

test('an activity that follows one whose end nobody heard looks for what that one may have made', async () => {
  await died(1, 'made');
  expect(await looksThen(1)).toEqual({ submit: 2, release: 0 });
});

test('and is not sure of it where it made one itself', async () => {
  await died(1, 'not made');
  expect(await looksThen(1)).toEqual({ submit: 2, release: 2 });
});

test('an item that could not claim its key has sent nothing, and is not looked for at its release', async () => {
  const { claims } = place.deps.batches;
  const claimNew = claims.claimNew.bind(claims);
  claims.claimNew = async () => new Set();
  const claim = claims.claim.bind(claims);
  claims.claim = () => Promise.reject(failure('ProviderUnavailable', 'the store is busy'));
  await expect(inAttempt(1, () => createGroupSteps(place.deps).submitItems(input))).rejects.toThrow('busy');
  Object.assign(claims, { claim, claimNew });
  expect(await looksThen(1)).toEqual({ submit: 2, release: 0 });
});

test('and so is one that two attempts may have created', async () => {
  await died(1, 'not made');
  await died(2, 'made');
  expect(await looksThen(3)).toEqual({ submit: 2, release: 2 });
});

test('a surplus of the first create, come after the second, goes at the release', async () => {
  await died(1, 'not made');
  const { provider, deps } = place;
  const steps = createGroupSteps(deps);
  await inAttempt(2, () => steps.submitItems(input));
  const [own] = [...provider.held.values()];
  const late = provider.addAsset({ ...own, id: 'late' });
  await inAttempt(1, () => steps.settleItems(input));
  await inAttempt(1, () => steps.releaseItems(input));
  const tag = { key: String(own?.metadata.asset_lifecycle_key), owner: String(own?.metadata.asset_lifecycle_owner) };
  const left = [...provider.held.values()].filter(({ metadata }) => carriesTag(metadata, tag));
  expect(left).toHaveLength(1);
  expect(left[0]?.id).not.toBe(late.id);
});

test('items look with patience, from when they began; a lifecycle without, allowing for Temporal’s clock', async () => {
  await died(1, 'made');
  await looksThen(2);
  expect(asked).toMatchObject([{ options: { patient: true } }, { options: { patient: true } }]);
  const since = asked[0]?.query?.since ?? '';
  expect(Math.abs(Date.now() - Date.parse(since))).toBeLessThan(20_000);
  asked.length = 0;
  const tag: LedgerTag = { key: 'k', owner: 'o', workflowId: 'w', runId: 'r', onCancel: 'delete', onFailure: 'keep' };
  const { signal } = new AbortController();
  place.provider.addAsset({ id: 'its', metadata: tagFields(tag) });
  const found = await findByTag(place.provider, { tag, since: '2026-01-01T00:01:00Z' }, signal);
  expect(found).toMatchObject([{ id: 'its' }]);
  await findByTag(place.provider, { tag }, signal);
  expect(asked).toMatchObject([
    { query: { since: '2026-01-01T00:00:00.000Z' }, options: { patient: false } },
    { query: { since: undefined } },
  ]);
});
