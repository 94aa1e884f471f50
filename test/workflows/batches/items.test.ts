import type { WorkflowHandle } from '@temporalio/client';
import type { BatchStatus } from '../../../src/contracts/batch/batch-status';
import { ASSET_BATCH, batchWorkflowId, groupWorkflowId, WORKFLOW_TASK_QUEUE } from '../../../src/contracts/ids';
import { failure } from '../../../src/contracts/failures';
import { BatchPlace } from '../../support/batches/batch-place';
import { LifecycleEnvironment } from '../../support/system/lifecycle-environment';

jest.setTimeout(60_000);
let lifecycles: LifecycleEnvironment;
let place: BatchPlace;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create('dev');
}, 120_000);
beforeEach(async () => {
  place = await BatchPlace.make();
});
afterEach(() => place.close());
afterAll(() => lifecycles.close());

const names = (count: number): string[] => Array.from({ length: count }, (_, nth) => `${nth}.mp4`);

const start = (batchId: string, input: object): Promise<WorkflowHandle> =>
  lifecycles.env.client.workflow.start(ASSET_BATCH, {
    taskQueue: WORKFLOW_TASK_QUEUE,
    workflowId: batchWorkflowId(batchId),
    args: [{ batchId, ...input }],
  });

const resultOf = async (handle: WorkflowHandle): Promise<BatchStatus> => (await handle.result()) as BatchStatus;

const eventsOf = async (workflowId: string): Promise<number> =>
  (await lifecycles.env.client.workflow.getHandle(workflowId).fetchHistory()).events?.length ?? 0;

test('items of several groups complete, with a few events for each group', async () => {
  const input = await place.put(names(220));
  const status = await lifecycles.with(place.activities, async () => resultOf(await start('several', input)));
  expect(status).toMatchObject({ outcome: 'completed', counts: { items: 220, by: { completed: 220 } }, groups: 0 });
  expect(place.provider.held.size).toBe(220);
  expect(await eventsOf(groupWorkflowId('several', 100))).toBeLessThan(45);
  expect(await eventsOf(batchWorkflowId('several'))).toBeLessThan(80);
});

test('a batch that is started again after its end makes nothing', async () => {
  const input = await place.put(names(3));
  await lifecycles.with(place.activities, async () => {
    await resultOf(await start('again', input));
    expect((await resultOf(await start('again', input))).counts.by).toEqual({ completed: 3 });
  });
  expect(place.provider.held.size).toBe(3);
});

test('what failed is taken up by the next start of the batch', async () => {
  const input = await place.put(names(3));
  place.provider.failNext('intake.submit of one', failure('ProviderRejected', 'not this one'));
  await lifecycles.with(place.activities, async () => {
    const first = await resultOf(await start('taken-up', input));
    expect(first).toMatchObject({ outcome: 'failed', counts: { by: { completed: 2, failed: 1 } } });
    expect(first.failures).toMatchObject([{ error: { type: 'ProviderRejected' } }]);
    expect((await resultOf(await start('taken-up', input))).counts.by).toEqual({ completed: 3 });
  });
});

test('FailAfterOne starts no further group after a failure', async () => {
  const input = await place.put(names(120));
  place.provider.failNext('intake.submit of one', failure('ProviderRejected', 'not this one'));
  const options = { failureMode: 'FailAfterOne', inFlight: 50 };
  const status = await lifecycles.with(place.activities, async () =>
    resultOf(await start('one', { ...input, ...options })),
  );
  expect(status).toMatchObject({ outcome: 'failed', counts: { items: 120 } });
  expect(status.counts.by.pending).toBeGreaterThanOrEqual(70);
});

test('a pause starts nothing until it is resumed', async () => {
  const input = await place.put(names(2));
  let listed = (): void => {};
  const mayList = new Promise<void>((resolve) => (listed = resolve));
  const { activities } = place;
  const paused = {
    ...activities,
    planGroups: async (...args: Parameters<typeof activities.planGroups>) => {
      await mayList;
      return activities.planGroups(...args);
    },
  };
  await lifecycles.with(paused, async () => {
    const handle = await start('paused', input);
    await handle.signal('pause');
    listed();
    let status = await handle.query<BatchStatus>('status');
    while (status.phase !== 'paused') status = await handle.query<BatchStatus>('status');
    expect(place.provider.held.size).toBe(0);
    await handle.signal('resume');
    expect((await resultOf(handle)).outcome).toBe('completed');
  });
});

for (const [how, stop, outcome] of [
  ['a cancel', (handle: WorkflowHandle) => handle.signal('cancel', { reason: 'a test' }), 'cancelled'],
  ['a forceDelete', (handle: WorkflowHandle) => handle.signal('forceDelete', { reason: 'a test' }), 'deleted'],
  ['the Cancel button', (handle: WorkflowHandle) => handle.cancel().then(() => {}), 'cancelled'],
] as const) {
  test(`${how} reaches what is under way, and leaves no asset`, async () => {
    const input = await place.put(names(4));
    const { watcher } = place.deps.accounts.twelvelabs ?? {};
    let waiting = 0;
    if (watcher) {
      watcher.until = (_handle, options) => {
        waiting += 1;
        return new Promise((_resolve, reject) =>
          options?.signal?.addEventListener('abort', () => reject(new Error('stopped'))),
        );
      };
    }
    await lifecycles.with(place.activities, async () => {
      const handle = await start(how.replaceAll(' ', '-'), input);
      while (waiting < 4) await new Promise((resolve) => setTimeout(resolve, 20));
      await stop(handle);
      expect(await resultOf(handle)).toMatchObject({ outcome, counts: { by: { [outcome]: 4 } } });
    });
    expect(place.provider.held.size).toBe(0);
  });
}

test('a wrong input fails at once and names the field', async () => {
  await lifecycles.with(place.activities, async () => {
    const handle = await start('wrong', { items: { type: 'folder' } });
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'InvalidRequest', message: /items.path/ } });
  });
});
