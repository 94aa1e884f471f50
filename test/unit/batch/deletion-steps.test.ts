import { createGroupSteps } from '../../../src/activities/batch/group-steps';
import { createBatchDeletionSteps } from '../../../src/activities/batch/deletion-steps';
import { failure } from '../../../src/contracts/failures';
import { ASSET_BATCH_DELETION } from '../../../src/contracts/ids';
import { createItemOutcomes } from '../../../src/storage/batches/item-outcomes';
import { activityEnvironment, OWNER } from '../../support/activity-dependencies';
import { BatchPlace } from '../../support/batches/batch-place';
import { listedGroup } from '../../support/batches/listed-group';

let place: BatchPlace;
beforeEach(async () => {
  place = await BatchPlace.make();
});
afterEach(() => place.close());

const inActivity = <T>(work: () => Promise<T>): Promise<T> => activityEnvironment().run(work) as Promise<T>;

test('a batch is opened for its removal as it was listed, by its own provider only', async () => {
  const { storeId, start } = await listedGroup(place, ['a.mp4', 'b.mp4']);
  const steps = createBatchDeletionSteps(place.deps);
  const open = (batchId: string, provider: string) => inActivity(() => steps.openToDelete({ batchId, provider }));
  expect(await open('b', 'twelvelabs')).toMatchObject({ batchId: 'b', storeId, start, items: 2, begun: 0 });
  await createItemOutcomes(place.deps.batches.files, { owner: OWNER, batchId: 'b' }).begin({ from: 1, end: 2 });
  expect(await open('b', 'twelvelabs')).toMatchObject({ items: 2, begun: 1 });
  await expect(open('b', 'datature-vi')).rejects.toThrow('provider: batch "b" is one of "twelvelabs"');
  await expect(open('c', 'twelvelabs')).rejects.toThrow('has no list in the store');
});

test('groups that have ever begun are told page by page', async () => {
  const ref = await listedGroup(place, ['a.mp4', 'b.mp4']);
  const outcomes = createItemOutcomes(place.deps.batches.files, { owner: OWNER, batchId: 'b' });
  for (let from = 0; from < 1030; from++) await outcomes.begin({ from, end: from + 1 });
  const steps = createBatchDeletionSteps(place.deps);
  const from = (item: number) => inActivity(() => steps.groupsToDelete({ ...ref, from: item }));
  const first = await from(0);
  expect([first.groups.length, first.next]).toEqual([1000, 1000]);
  const second = await from(1000);
  expect(second).toEqual({ groups: expect.arrayContaining([{ from: 1029, end: 1030 }]) });
  expect(second.groups).toHaveLength(30);
});

describe('of a group whose batch is removed', () => {
  const FILES = Array.from({ length: 40 }, (_, nth) => `${nth}.mp4`);
  const all = { outcome: 'deleted', policy: 'force-delete', items: [...FILES.keys()] } as const;

  async function completed() {
    place.deps = { ...place.deps, runs: { ...place.deps.runs, isOpen: async () => true } };
    const input = await listedGroup(place, FILES);
    const steps = createGroupSteps(place.deps);
    await inActivity(() => steps.submitItems(input));
    await inActivity(() => steps.settleItems(input));
    await inActivity(() => steps.releaseItems(input));
    return { steps, input: { ...input, runId: 'of-the-removal', deletes: {} } };
  }

  test('a cancellation leaves what has not begun as it was, and the rest is removed to its end', async () => {
    const { steps, input } = await completed();
    const environment = activityEnvironment();
    place.provider.onNext('assets.remove by force', () => environment.cancel('CANCELLED'));
    await expect(environment.run(() => steps.stopItems({ ...input, ...all }))).rejects.toThrow('CANCELLED');
    const { counts, due } = await inActivity(() => steps.stopItems({ ...input, outcome: 'cancelled' }));
    const { deleted = 0, completed: left = 0 } = counts.by;
    expect(deleted + left).toBe(40);
    expect([deleted >= 1, deleted <= 32]).toEqual([true, true]); // those that began together, and their successors
    expect(Object.values(due).every((items) => items === 0)).toBe(true);
    expect(place.provider.held.size).toBe(left);
    expect((await inActivity(() => steps.stopItems({ ...input, ...all }))).counts.by).toEqual({ deleted: 40 });
  });

  test('in an outage no more begin than are taken at once, so that a cancel leaves the others', async () => {
    const { steps, input } = await completed();
    place.provider.assets.remove = () => Promise.reject(failure('ProviderUnavailable', 'DELETE: 503, try later'));
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(inActivity(() => steps.stopItems({ ...input, ...all }))).rejects.toThrow('try later');
    }
    const { counts } = await inActivity(() => steps.settleItems(input));
    expect(counts.by.cleaning).toBeLessThanOrEqual(32);
    expect(counts.by).toEqual({ cleaning: counts.by.cleaning, completed: 40 - (counts.by.cleaning ?? 0) });
  });

  test('what is in trouble for long holds up nobody', async () => {
    const { steps, input } = await completed();
    const outcomes = createItemOutcomes(place.deps.batches.files, { owner: OWNER, batchId: 'b' });
    const { assets } = place.provider;
    const remove = assets.remove.bind(assets);
    assets.remove = () => Promise.reject(failure('ProviderUnavailable', 'DELETE: 503, try later'));
    await expect(inActivity(() => steps.stopItems({ ...input, ...all }))).rejects.toThrow('try later');
    const begun = [...(await outcomes.read(input)).values()].filter(({ phase }) => phase === 'cleaning');
    const troubledSince = new Date(Date.now() - 11 * 60_000).toISOString();
    const longAgo = begun.flatMap((one) => (one.work ? [{ ...one, work: { ...one.work, troubledSince } }] : []));
    await outcomes.write(input, longAgo);
    assets.remove = remove;
    const { counts, due } = await inActivity(() => steps.stopItems({ ...input, ...all }));
    expect([counts.by, due.clean]).toEqual([{ deleted: 40 - begun.length, cleaning: begun.length }, begun.length]);
    expect((await inActivity(() => steps.cleanItems(input))).counts.by).toEqual({ deleted: 40 });
  });

  test('it halts where its removal is gone, also when the batch was started again', async () => {
    const { steps, input } = await completed();
    const { runs } = place.deps;
    place.deps = { ...place.deps, runs: { ...runs, isOpen: async (_id, ofType) => ofType !== ASSET_BATCH_DELETION } }; // the batch itself runs
    const news = await inActivity(() => createGroupSteps(place.deps).stopItems({ ...input, ...all }));
    expect([news.batchIsGone, news.counts.by]).toEqual([true, { completed: 40 }]);
    const { counts } = await inActivity(() => steps.stopItems({ ...input, outcome: 'cancelled' }));
    expect(counts.by).toEqual({ completed: 40 });
  });

  test('a halt ends only what the removal has begun, not what a batch had under way that was terminated', async () => {
    const input = { ...(await listedGroup(place, FILES)), deletes: {} };
    const steps = createGroupSteps(place.deps);
    await inActivity(() => steps.submitItems({ ...input, deletes: undefined }));
    const { counts } = await inActivity(() => steps.stopItems({ ...input, outcome: 'cancelled' }));
    expect(counts.by).toEqual({ processing: 40 });
    expect(place.provider.held.size).toBe(40);
  });

  test('nobody is left out though it takes longer than the others of a step are waited for', async () => {
    const { steps, input } = await completed();
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance', 'queueMicrotask', 'Date'] });
    try {
      let isFirst = true;
      const { assets } = place.provider;
      const remove = assets.remove.bind(assets);
      assets.remove = async (...args) => {
        if (!isFirst) await jest.advanceTimersByTimeAsync(180_000);
        isFirst = false;
        return remove(...args);
      };
      expect((await inActivity(() => steps.stopItems({ ...input, ...all }))).counts.by).toEqual({ deleted: 40 });
    } finally {
      jest.useRealTimers();
    }
  });
});
