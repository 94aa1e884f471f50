import { createBatchDeletionSteps } from '../../../src/activities/batch/deletion-steps';
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
  expect(await open('b', 'twelvelabs')).toMatchObject({ batchId: 'b', storeId, start, items: 2 });
  await expect(open('b', 'datature-vi')).rejects.toThrow('provider: batch "b" is one of "twelvelabs"');
  await expect(open('c', 'twelvelabs')).rejects.toThrow('has no list in the store');
});

test('groups that have ever begun are told page by page', async () => {
  const ref = await listedGroup(place, ['a.mp4', 'b.mp4']);
  const outcomes = createItemOutcomes(place.deps.batches.files, { owner: OWNER, batchId: 'b' });
  for (let from = 0; from < 130; from++) await outcomes.begin({ from, end: from + 1 });
  const steps = createBatchDeletionSteps(place.deps);
  const from = (item: number) => inActivity(() => steps.groupsToDelete({ ...ref, from: item }));
  const first = await from(0);
  expect([first.groups.length, first.next]).toEqual([100, 100]);
  const second = await from(100);
  expect(second).toEqual({ groups: expect.arrayContaining([{ from: 129, end: 130 }]) });
  expect(second.groups).toHaveLength(30);
});
