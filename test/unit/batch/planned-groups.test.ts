import { truncate } from 'node:fs/promises';
import path from 'node:path';
import { createBatchSteps } from '../../../src/activities/batch/batch-steps';
import type { ActivityDependencies } from '../../../src/activities/dependencies';
import { acceptBatch } from '../../../src/batch/accept-batch';
import { activityEnvironment } from '../../support/activity-dependencies';
import { BatchPlace } from '../../support/batches/batch-place';
import { listedGroup } from '../../support/batches/listed-group';

let place: BatchPlace;
let deps: ActivityDependencies;
beforeEach(async () => {
  place = await BatchPlace.make();
  ({ deps } = place);
});
afterEach(() => place.close());

const inActivity = <T>(work: () => Promise<T>): Promise<T> => activityEnvironment().run(work) as Promise<T>;
const listed = (files: readonly string[]) => listedGroup(place, files);

test('a group that an earlier start has left running, and that has begun nothing, is found too', async () => {
  const { batchId, storeId, start, end } = await listed(['a.mp4', 'b.mp4']);
  const ref = { batchId, storeId, start, provider: 'twelvelabs' };
  const steps = createBatchSteps({ ...deps, runs: { ...deps.runs, isOpen: async (id) => id === 'asset-group:b:0' } });
  const plan = (): Promise<unknown> => inActivity(() => steps.planGroups({ ...ref, from: 0, end }));
  const planned = await plan();
  expect(await plan()).toEqual(planned);
  expect(await inActivity(() => steps.findEarlierGroups({ ...ref, from: 0 }))).toEqual([{ from: 0, end }]);
});

test('files that lie with other workers are groups of their own, and groups stay as they were cut', async () => {
  const { batchId, storeId, start, end } = await listed(['a.mp4', 'b.mp4', 'c.mp4', 'd.mp4']);
  const ref = { batchId, storeId, start, provider: 'twelvelabs', from: 0, end };
  const plan = async (elsewhere: RegExp) => {
    const find = async (_provider: string, file: string) => (elsewhere.test(file) ? undefined : 'files-here');
    const steps = createBatchSteps({ ...deps, sourceQueues: { find } });
    const { groups } = await inActivity(() => steps.planGroups(ref));
    return groups.map(({ from, end: behind, fileQueue, aFile }) => [from, behind, fileQueue, aFile?.slice(-5)]);
  };
  const first = [
    [0, 2, 'files-here', 'a.mp4'],
    [2, 3, undefined, 'c.mp4'],
    [3, 4, 'files-here', 'd.mp4'],
  ];
  expect(await plan(/c\.mp4/)).toEqual(first);
  expect(await plan(/c\.mp4/)).toEqual(first);
  expect(await plan(/b\.mp4/)).toEqual([
    [0, 2, 'files-here', 'a.mp4'],
    [2, 3, 'files-here', 'c.mp4'],
    [3, 4, 'files-here', 'd.mp4'],
  ]);
});

test('a file over the limit of a direct upload is a group of its own', async () => {
  const names = ['a.mp4', 'b.mp4', 'c.mp4', 'd.mp4'];
  await place.put(names);
  await truncate(path.join(place.listing.media, 'c.mp4'), 201 * 1024 ** 2);
  const input = { items: { type: 'folder', path: place.listing.media }, each: { preflight: false } };
  const batch = { ...acceptBatch({ batchId: 'b', ...input }), batchId: 'b' };
  const steps = createBatchSteps(deps);
  const { storeId, items: end } = await inActivity(() => steps.listItems({ batch, start: 'start-1' }));
  const ref = { batchId: 'b', storeId, start: 'start-1', provider: 'twelvelabs', from: 0, end };
  const { groups } = await inActivity(() => steps.planGroups(ref));
  expect(groups.map(({ from, end: behind }) => [from, behind])).toEqual([
    [0, 2],
    [2, 3],
    [3, 4],
  ]);
});
