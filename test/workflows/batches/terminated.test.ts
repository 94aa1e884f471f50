import { lifecycleRuns } from '../../../src/temporal/runs/lifecycle-runs';
import type { BatchStatus } from '../../../src/contracts/batch/batch-status';
import { ASSET_BATCH, batchWorkflowId, groupWorkflowId, WORKFLOW_TASK_QUEUE } from '../../../src/contracts/ids';
import { BatchPlace } from '../../support/batches/batch-place';
import { LifecycleEnvironment } from '../../support/system/lifecycle-environment';

/** A group looks every minute whether its batch is still there. */
jest.setTimeout(150_000);
let lifecycles: LifecycleEnvironment;
let place: BatchPlace;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create('dev');
}, 120_000);
beforeEach(async () => {
  place = await BatchPlace.make();
  place.deps = { ...place.deps, runs: lifecycleRuns(lifecycles.env.client) };
});
afterEach(() => place.close());
afterAll(() => lifecycles.close());

const handleOf = (id: string) => lifecycles.env.client.workflow.getHandle(id);

/** From now on every asset is waited for, until the returned function is called. */
function holdWaits(): { waiting: () => number; letGo: () => void } {
  const { watcher } = place.deps.accounts.twelvelabs ?? {};
  if (!watcher) throw new Error('no account');
  const until = watcher.until.bind(watcher);
  let waiting = 0;
  watcher.until = (_handle, options) =>
    new Promise((_resolve, reject) => {
      waiting += 1;
      options?.signal?.addEventListener('abort', () => reject(new Error('left')));
    });
  return { waiting: () => waiting, letGo: () => void (watcher.until = until) };
}

async function untilWaiting(waits: { waiting: () => number }, count: number): Promise<void> {
  while (waits.waiting() < count) await new Promise((resolve) => setTimeout(resolve, 20));
}

const start = (batchId: string, input: object) =>
  lifecycles.env.client.workflow.start(ASSET_BATCH, {
    taskQueue: WORKFLOW_TASK_QUEUE,
    workflowId: batchWorkflowId(batchId),
    args: [{ batchId, ...input }],
  });

test('the group of a batch that was terminated ends by itself and leaves no asset; a new start completes', async () => {
  const input = await place.put(['a.mp4', 'b.mp4', 'c.mp4']);
  await lifecycles.with(place.activities, async () => {
    const waits = holdWaits();
    await start('batch-gone', input);
    await untilWaiting(waits, 3);
    expect(place.provider.held.size).toBe(3);
    await handleOf(batchWorkflowId('batch-gone')).terminate('by a test');
    const ended = await handleOf(groupWorkflowId('batch-gone', 0)).result();
    expect(ended).toMatchObject({ counts: { by: { cancelled: 3 } } });
    expect(place.provider.held.size).toBe(0);
    waits.letGo();
    const status = (await (await start('batch-gone', input)).result()) as BatchStatus;
    expect(status.counts.by).toEqual({ completed: 3 });
    expect(place.provider.held.size).toBe(3);
  });
});

test('a new start after group and batch were terminated takes up the assets that are there', async () => {
  const input = await place.put(['a.mp4', 'b.mp4', 'c.mp4']);
  await lifecycles.with(place.activities, async () => {
    const waits = holdWaits();
    await start('both-gone', input);
    await untilWaiting(waits, 3);
    const before = [...place.provider.held.keys()];
    await handleOf(groupWorkflowId('both-gone', 0)).terminate('by a test');
    await handleOf(batchWorkflowId('both-gone')).terminate('by a test');
    waits.letGo();
    const status = (await (await start('both-gone', input)).result()) as BatchStatus;
    expect(status.counts.by).toEqual({ completed: 3 });
    expect([...place.provider.held.keys()]).toEqual(before);
  });
});
