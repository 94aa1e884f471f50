import type { MockActivityEnvironment } from '@temporalio/testing';
import { createGroupSteps } from '../../../src/activities/batch/group-steps';
import { triedAgainAfterMs, withoutTrouble, withTrouble } from '../../../src/activities/batch/group/troubled-items';
import type { GroupStepInput } from '../../../src/contracts/batch/groups';
import type { ItemOutcome } from '../../../src/contracts/batch/item-outcome';
import { failure } from '../../../src/contracts/failures';
import { createItemOutcomes } from '../../../src/storage/batches/item-outcomes';
import { activityEnvironment, OWNER } from '../../support/activity-dependencies';
import { BatchPlace } from '../../support/batches/batch-place';
import { holdWaits } from '../../support/batches/held-waits';
import { listedGroup } from '../../support/batches/listed-group';

let place: BatchPlace;
beforeEach(async () => {
  place = await BatchPlace.make();
  place.deps = { ...place.deps, runs: { ...place.deps.runs, isOpen: async () => true } };
});
afterEach(async () => {
  jest.useRealTimers();
  await place.close();
});

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const UNAVAILABLE = failure('ProviderUnavailable', 'POST /assets: 503, try later');
/** The store's files need these. */
const NOT_FAKED = ['setImmediate', 'nextTick', 'queueMicrotask', 'Date'] as const;

const inActivity = <T>(
  work: () => Promise<T>,
  environment: MockActivityEnvironment = activityEnvironment(),
): Promise<T> => environment.run(work) as Promise<T>;

/** As long ago as told the steps of these items began to fail. */
async function troubled(
  input: GroupStepInput,
  ms: number,
  isSo: (record: ItemOutcome) => boolean = () => true,
): Promise<void> {
  const outcomes = createItemOutcomes(place.deps.batches.files, { owner: OWNER, batchId: 'b' });
  const troubledSince = new Date(Date.now() - ms).toISOString();
  const records = [...(await outcomes.read(input)).values()].filter(isSo);
  await outcomes.write(
    input,
    records.flatMap((record) => (record.work ? [{ ...record, work: { ...record.work, troubledSince } }] : [])),
  );
}

/** Two items, of which one could not be submitted: whichever came first. */
async function oneOfTwo(): Promise<{ input: GroupStepInput; troubledItem: number; submittedItem: number }> {
  const input = await listedGroup(place, ['a.mp4', 'b.mp4']);
  place.provider.failNext('intake.submit of one', UNAVAILABLE);
  const { due } = await inActivity(() => createGroupSteps(place.deps).submitItems(input));
  expect(due).toMatchObject({ submit: 1, settle: 1 });
  const outcomes = createItemOutcomes(place.deps.batches.files, { owner: OWNER, batchId: 'b' });
  const submittedItem = (await outcomes.ofItem(0))?.phase === 'processing' ? 0 : 1;
  return { input, submittedItem, troubledItem: 1 - submittedItem };
}

test('an item that cannot be submitted holds up nobody who waits, and is tried again meanwhile', async () => {
  const { input } = await oneOfTwo();
  const steps = createGroupSteps(place.deps);
  place.provider.failNext('intake.submit of one', UNAVAILABLE);
  expect((await inActivity(() => steps.submitItems(input))).due).toMatchObject({ submit: 1, settle: 1 });
  const { waiting } = holdWaits(place);
  jest.useFakeTimers({ doNotFake: [...NOT_FAKED] });
  let hasEnded = false;
  const wait = inActivity(() => steps.settleItems(input)).finally(() => (hasEnded = true));
  while (waiting() < 1) await new Promise((resolve) => setImmediate(resolve));
  await jest.advanceTimersByTimeAsync(2 * MINUTE_MS - 1000);
  expect(hasEnded).toBe(false);
  await jest.advanceTimersByTimeAsync(2000);
  expect((await wait).due).toMatchObject({ submit: 1, settle: 1 });
  jest.useRealTimers();
  expect((await inActivity(() => steps.submitItems(input))).due).toMatchObject({ submit: 0, settle: 2 });
});

test('an item that nobody waits beside is tried again by the step itself', async () => {
  const input = await listedGroup(place, ['a.mp4']);
  place.provider.failNext('intake.submit of one', UNAVAILABLE);
  await expect(inActivity(() => createGroupSteps(place.deps).submitItems(input))).rejects.toThrow('try later');
});

test('where those who wait are in trouble as well, the step is tried for two minutes first', async () => {
  const { input } = await oneOfTwo();
  await troubled(input, 0);
  const submit = (at: number) => {
    place.provider.failNext('intake.submit of one', UNAVAILABLE);
    const environment = activityEnvironment({ scheduledTimestampMs: at });
    return inActivity(() => createGroupSteps(place.deps).submitItems(input), environment);
  };
  await expect(submit(Date.now())).rejects.toThrow('try later');
  expect((await submit(Date.now() - 3 * MINUTE_MS)).due).toMatchObject({ submit: 1, settle: 1 });
});

test('an item that cannot be cleaned up holds the others up for two minutes at first', async () => {
  const { input, submittedItem } = await oneOfTwo();
  const { assets } = place.provider;
  const steps = createGroupSteps(place.deps);
  assets.remove = () => Promise.reject(UNAVAILABLE);
  await inActivity(() => steps.settleItems(input));
  const stop = (at: number) =>
    inActivity(
      () => steps.stopItems({ ...input, items: [submittedItem], outcome: 'cancelled' }),
      activityEnvironment({ scheduledTimestampMs: at }),
    );
  await expect(stop(Date.now())).rejects.toThrow('try later'); // by Temporal, after a while
  const { due, counts } = await stop(Date.now() - 3 * MINUTE_MS);
  expect([due, counts.by]).toMatchObject([{ submit: 1, clean: 1 }, { cleaning: 1 }]);
});

test('what an item that was stopped has made is cleaned up by a later step, as the stop said', async () => {
  const input = await listedGroup(place, ['a.mp4', 'b.mp4']);
  const steps = createGroupSteps(place.deps);
  await inActivity(() => steps.submitItems(input));
  place.provider.failNext('assets.remove', UNAVAILABLE);
  const how = { outcome: 'cancelled', policy: 'delete', reason: 'a test' } as const;
  const stopped = await inActivity(() => steps.stopItems({ ...input, ...how, items: [0], stopsAtFailure: true }));
  expect(stopped).toMatchObject({ due: { settle: 1, clean: 1 }, counts: { by: { cleaning: 1, processing: 1 } } });
  expect(stopped.batchHasFailure).not.toBe(true);
  const { counts, failures } = await inActivity(() => steps.cleanItems(input));
  expect([counts.by, failures]).toEqual([{ cancelled: 1, processing: 1 }, []]);
  const outcomes = createItemOutcomes(place.deps.batches.files, { owner: OWNER, batchId: 'b' });
  expect(await outcomes.ofItem(0)).toMatchObject({ reason: 'a test', receipt: { entries: [{ result: 'deleted' }] } });
});

test('an item whose step has failed for two days has failed, in the provider’s words', async () => {
  const { input, troubledItem } = await oneOfTwo();
  const steps = createGroupSteps(place.deps);
  const submit = async () => {
    place.provider.failNext('intake.submit of one', UNAVAILABLE);
    return inActivity(() => steps.submitItems(input));
  };
  await troubled(input, 2 * DAY_MS - MINUTE_MS, ({ item }) => item === troubledItem);
  expect((await submit()).failures).toEqual([]);
  await troubled(input, 2 * DAY_MS + MINUTE_MS, ({ phase }) => phase !== 'processing');
  const { failures } = await submit();
  expect(failures).toMatchObject([{ error: { type: 'ProviderUnavailable', message: 'POST /assets: 503, try later' } }]);
});

test('what could not be cleaned up for a week is left over', async () => {
  const input = await listedGroup(place, ['a.mp4']);
  const steps = createGroupSteps(place.deps);
  await inActivity(() => steps.submitItems(input));
  place.provider.assets.remove = () => Promise.reject(UNAVAILABLE);
  const stop = () => inActivity(() => steps.stopItems({ ...input, outcome: 'cancelled' }));
  await troubled(input, 6 * DAY_MS);
  await expect(stop()).rejects.toThrow('try later');
  await troubled(input, 7 * DAY_MS + MINUTE_MS);
  const { failures } = await stop();
  expect(failures).toMatchObject([{ error: { message: expect.stringContaining('is left over: POST /assets: 503') } }]);
});

test('others are waited for the longer, the longer an item is in trouble; no longer than half an hour', () => {
  const work = { runId: 'r', since: '2026-01-01T00:00:00Z', made: [] };
  const record: ItemOutcome = { item: 0, key: 'k', phase: 'creating', work };
  const since = (ms: number) => {
    const troubledSince = new Date(Date.now() - ms).toISOString();
    return { ...record, work: { ...work, troubledSince } };
  };
  expect(triedAgainAfterMs([record, undefined])).toBeUndefined();
  const after = [0, 20 * MINUTE_MS, DAY_MS].map((ms) => Math.round((triedAgainAfterMs([since(ms)]) ?? 0) / MINUTE_MS));
  expect(after).toEqual([2, 5, 30]);
  const troubled = since(DAY_MS);
  expect(withTrouble(troubled)).toEqual(troubled); // it began then
  expect(withoutTrouble(withTrouble(record)).work?.troubledSince).toBeUndefined();
});
