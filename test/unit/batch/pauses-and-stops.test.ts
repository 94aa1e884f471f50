import { createBatchSteps } from '../../../src/activities/batch/batch-steps';
import { createGroupSteps } from '../../../src/activities/batch/group-steps';
import { failure } from '../../../src/contracts/failures';
import { createBatchFiles } from '../../../src/storage/batches/batch-files';
import { createItemOutcomes } from '../../../src/storage/batches/item-outcomes';
import { activityEnvironment, OWNER } from '../../support/activity-dependencies';
import { BatchPlace } from '../../support/batches/batch-place';
import { holdSubmissions } from '../../support/batches/held-submissions';
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

const inActivity = <T>(work: () => Promise<T>): Promise<T> => activityEnvironment().run(work) as Promise<T>;
const listed = (count: number) =>
  listedGroup(
    place,
    Array.from({ length: count }, (_, nth) => `${100 + nth}.mp4`),
  );

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** The store’s files need these. */
const NOT_FAKED = ['setImmediate', 'nextTick', 'queueMicrotask'] as const;
const fakeTimers = () => jest.useFakeTimers({ doNotFake: [...NOT_FAKED], now: Date.now() });

/** A group of so many, of which sixteen are being handed in when a pause is noted. */
async function pausedAmid(count: number) {
  const input = await listed(count);
  const [steps, batchSteps] = [createGroupSteps(place.deps), createBatchSteps(place.deps)];
  const { came, letGo } = holdSubmissions(place);
  fakeTimers();
  const step = inActivity(() => steps.submitItems(input));
  await until(() => came.length === 16);
  await inActivity(() => batchSteps.notePause({ ...input, paused: true }));
  jest.setSystemTime(Date.now() + 1000); // what was seen of it before is good for a second
  return { input, steps, batchSteps, came, letGo, step };
}

test('a pause lets items that have begun go on, and holds the others of their group back until it ends', async () => {
  const { input, steps, batchSteps, came, letGo, step } = await pausedAmid(20);
  letGo(/^100/, failure('OutcomeUnknown', 'no answer'));
  letGo();
  expect(await step).toMatchObject({
    batchIsPaused: true,
    begun: 1,
    due: { submit: 5, settle: 15 },
    counts: { by: { pending: 4, creating: 1, processing: 15 } },
  });
  const again = inActivity(() => steps.submitItems(input));
  await until(() => came.length === 17); // its create was sent: it is not left as it is
  letGo();
  expect(await again).toMatchObject({ batchIsPaused: true, begun: 0, due: { submit: 4, settle: 16 } });
  await inActivity(() => batchSteps.notePause({ ...input, paused: false }));
  const last = inActivity(() => steps.submitItems(input));
  await until(() => came.length === 21);
  letGo();
  const news = await last;
  expect(news).toMatchObject({ due: { submit: 0, settle: 20 } });
  expect(news).not.toHaveProperty('batchIsPaused');
  expect(place.provider.held.size).toBe(20);
});

test('what a pause has held back is of the run of its group that makes it, and so is its claim', async () => {
  const { input, steps, batchSteps, came, letGo, step } = await pausedAmid(17);
  letGo(/^100/, failure('ProviderUnavailable', 'refused before it was taken'));
  letGo();
  expect(await step).toMatchObject({ due: { submit: 2 }, counts: { by: { pending: 2 } } });
  await inActivity(() => batchSteps.notePause({ ...input, paused: false }));
  const again = { ...input, runId: 'run-2' };
  const last = inActivity(() => steps.submitItems(again));
  await until(() => came.length === 18);
  letGo();
  await last;
  const runs = [...place.provider.held.values()].map(({ metadata }) => metadata.asset_lifecycle_run);
  expect(runs.filter((run) => run === 'run-2')).toHaveLength(2);
  const outcomes = createItemOutcomes(place.deps.batches.files, { owner: OWNER, batchId: 'b' });
  const { key = '', work } = (await outcomes.ofItem(0)) ?? {};
  expect(work).toMatchObject({ runId: 'run-2', made: [{ tag: { runId: 'run-2' } }] });
  const { by } = (await place.deps.batches.claims.holderOf({ owner: OWNER, provider: 'twelvelabs', key })) ?? {};
  expect(by).toMatchObject({ runId: 'run-2' });
});

/** Claims of new keys, before which something else happens. */
function beforeClaims(happens: () => Promise<unknown>): void {
  const { batches } = place.deps;
  const claimNew: typeof batches.claims.claimNew = async (items, by) => {
    await happens();
    return batches.claims.claimNew(items, by);
  };
  place.deps = { ...place.deps, batches: { ...batches, claims: { ...batches.claims, claimNew } } };
}

test('an item that was held back as it was to begin is not taken though the pause ends in that moment', async () => {
  const input = await listed(1);
  const batchSteps = createBatchSteps(place.deps);
  await inActivity(() => batchSteps.notePause({ ...input, paused: true }));
  fakeTimers();
  let isPaused = true;
  beforeClaims(async () => {
    if (isPaused) await inActivity(() => batchSteps.notePause({ ...input, paused: false }));
    isPaused = false;
    jest.setSystemTime(Date.now() + 1000);
  });
  const steps = createGroupSteps(place.deps);
  expect(await inActivity(() => steps.submitItems(input))).toMatchObject({ due: { submit: 1 } });
  expect(place.provider.held.size).toBe(0);
  expect(await inActivity(() => steps.submitItems(input))).toMatchObject({ due: { submit: 0, settle: 1 } });
});

test('items whose beginning broke have not begun', async () => {
  const input = await listed(2);
  const away = failure('ProviderUnavailable', 'the store cannot be reached');
  const breaks = [away];
  beforeClaims(async () => {
    const error = breaks.shift();
    if (error) throw error;
  });
  await expect(inActivity(() => createGroupSteps(place.deps).submitItems(input))).rejects.toBe(away);
  const outcomes = createItemOutcomes(place.deps.batches.files, { owner: OWNER, batchId: 'b' });
  expect([await outcomes.ofItem(0), await outcomes.ofItem(1)]).toMatchObject([
    { phase: 'pending' },
    { phase: 'pending' },
  ]);
  await inActivity(() => createBatchSteps(place.deps).notePause({ ...input, paused: true }));
  expect(await inActivity(() => createGroupSteps(place.deps).submitItems(input))).toMatchObject({ begun: 0 });
  expect(place.provider.held.size).toBe(0);
});

test('a start of a batch that a sweep is removing waits for that, and lists it anew then', async () => {
  await listed(2);
  const files = createBatchFiles(place.deps.batches.files, { owner: OWNER, batchId: 'b' });
  await files.noteRemoval('begun');
  await expect(listed(2)).rejects.toMatchObject({
    type: 'ProviderUnavailable',
    message: expect.stringContaining('a sweep is removing what "b" kept'),
  });
  await files.remove();
  expect(await listed(3)).toMatchObject({ end: 3 });
});

test('a batch that is started again is not paused', async () => {
  const input = await listed(1);
  const steps = createGroupSteps(place.deps);
  await inActivity(() => createBatchSteps(place.deps).notePause({ ...input, paused: true }));
  expect(await inActivity(() => steps.submitItems(input))).toMatchObject({ due: { submit: 1 } });
  const again = await listedGroup(place, ['100.mp4'], { start: 'start-2' });
  expect(await inActivity(() => steps.submitItems(again))).toMatchObject({ due: { submit: 0, settle: 1 } });
});

test('of a group that ended without a word nothing is written once its batch has counted it', async () => {
  const input = await listed(2);
  const batchSteps = createBatchSteps(place.deps);
  const { came, letGo } = holdSubmissions(place);
  const step = inActivity(() => createGroupSteps(place.deps).submitItems(input));
  await until(() => came.length === 2);
  const untold = [{ from: 0, end: 2 }];
  const counts = await inActivity(() => batchSteps.closeBatch({ ...input, untold }));
  expect(counts).toMatchObject({ items: 2, by: { creating: 2 } });
  letGo();
  await expect(step).rejects.toMatchObject({ type: 'WorkerStopping' });
  const again = await inActivity(() => batchSteps.closeBatch({ ...input, untold }));
  expect(again).toEqual(counts);
});

test('the store keeps how a batch was stopped, until it is started again', async () => {
  const input = await listed(1);
  const files = createBatchFiles(place.deps.batches.files, { owner: OWNER, batchId: input.batchId });
  await inActivity(() => createBatchSteps(place.deps).closeBatch({ ...input, stopped: 'deleted' }));
  expect(await files.stoppedAs()).toBe('deleted');
  await listedGroup(place, ['100.mp4'], { start: 'start-2' });
  expect([await files.stoppedAs(), await files.closedAt()]).toEqual([undefined, undefined]);
});

test.each([
  ['slow', true],
  ['slow, of a batch that was ended from outside', false],
])('a stop ends every item of its group, though the provider is %s', async (_how, isOpen) => {
  place.deps = { ...place.deps, runs: { ...place.deps.runs, isOpen: async () => isOpen } };
  const input = await listed(40); // more than are taken at once
  const steps = createGroupSteps(place.deps);
  await inActivity(() => steps.submitItems(input));
  const { assets } = place.provider;
  const remove = assets.remove.bind(assets);
  const held: (() => void)[] = [];
  assets.remove = async (...call) => {
    await new Promise<void>((resolve) => held.push(resolve));
    return remove(...call);
  };
  fakeTimers();
  const stop = inActivity(() => steps.stopItems({ ...input, outcome: 'cancelled' }));
  await until(() => held.length === 16);
  held.shift()?.();
  await until(() => held.length === 16);
  await jest.advanceTimersByTimeAsync(3 * 60_000);
  let ended = false;
  void stop.finally(() => (ended = true));
  while (!ended) {
    for (const letGo of held.splice(0)) letGo();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await stop).counts.by).toEqual({ cancelled: 40 });
  expect(place.provider.held.size).toBe(0);
});
