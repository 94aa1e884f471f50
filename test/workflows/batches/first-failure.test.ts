import { failure } from '../../../src/contracts/failures';
import { ASSET_BATCH, batchWorkflowId, WORKFLOW_TASK_QUEUE } from '../../../src/contracts/ids';
import { fakeBatch, Held, newsOfAll } from '../../support/batches/fake-batch';
import { openGroups, resultOf, statusOf } from '../../support/batches/started-batches';
import { LifecycleEnvironment } from '../../support/system/lifecycle-environment';
import { until } from '../../support/until';

jest.setTimeout(60_000);
let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create('dev');
}, 120_000);
afterAll(() => lifecycles.close());

const start = (batchId: string, more: object) =>
  lifecycles.env.client.workflow.start(ASSET_BATCH, {
    taskQueue: WORKFLOW_TASK_QUEUE,
    workflowId: batchWorkflowId(batchId),
    args: [{ batchId, items: { type: 'folder', path: '/media' }, ...more }],
  });

test('after the first failure FailAfterOne starts nothing more, though its group goes on', async () => {
  const held = new Held();
  const { activities, calls } = fakeBatch(
    { items: 6, size: 2 },
    {
      submitItems: async (input) =>
        input.from === 0
          ? {
              ...newsOfAll(input, 'failed', 'settle'),
              counts: { items: 2, by: { failed: 1, processing: 1 }, bytes: 0 },
            }
          : newsOfAll(input, 'completed'),
      settleItems: async (input) => {
        await held.wait();
        return { ...newsOfAll(input, 'failed'), counts: { items: 2, by: { failed: 1, completed: 1 }, bytes: 0 } };
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const batch = await start('one-fails', { inFlight: 2, failureMode: 'FailAfterOne' });
    await until(async () => (await statusOf(batch)).failures.length > 0);
    await batch.executeUpdate('setInFlight', { args: [50] });
    held.letGo();
    expect(await resultOf(batch)).toMatchObject({
      outcome: 'failed',
      counts: { by: { completed: 1, failed: 1, pending: 4 } },
    });
    expect(calls.filter((call) => call.startsWith('submitItems'))).toEqual(['submitItems 0']);
  });
});

test('FailAfterOne starts nothing more after a group that gave up on all of its items', async () => {
  const { activities, calls } = fakeBatch(
    { items: 6, size: 2 },
    {
      submitItems: async (input) => {
        if (input.from > 0) return newsOfAll(input, 'completed');
        throw failure('InvalidRequest', 'this worker has another store');
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const batch = await start('gives-up', { inFlight: 2, failureMode: 'FailAfterOne' });
    expect(await resultOf(batch)).toMatchObject({
      outcome: 'failed',
      error: { message: 'items 0 to 1: this worker has another store' },
      counts: { by: { pending: 6 } },
    });
    expect(calls.filter((call) => call.startsWith('submitItems'))).toEqual(['submitItems 0']);
  });
});

test('groups that are open end without their further items after a failure in another, once what they have begun has ended', async () => {
  const held = new Held();
  const afterFailure = new Set<number>();
  const { activities, calls } = fakeBatch(
    { items: 8, size: 2 },
    {
      submitItems: async (input) => {
        if (input.from === 0) return { ...newsOfAll(input, 'cleaning', 'clean'), batchHasFailure: true, begun: 0 };
        const counts = { items: 2, by: { creating: 1, pending: 1 }, bytes: 0 };
        const due = { ...newsOfAll(input, 'pending').due, submit: 2 };
        if (!afterFailure.has(input.from)) {
          await held.wait();
          afterFailure.add(input.from);
          return { counts, due, failures: [], batchHasFailure: true, begun: 1 };
        }
        const ended = { items: 2, by: { completed: 1, pending: 1 }, bytes: 0 };
        return { counts: ended, due: { ...due, submit: 1 }, failures: [], batchHasFailure: true, begun: 0 };
      },
      cleanItems: async (input) => {
        await until(() => held.waiting === 1);
        return { ...newsOfAll(input, 'failed'), batchHasFailure: true, begun: 0 };
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const batch = await start('one-of-many-fails', { inFlight: 4, failureMode: 'FailAfterOne' });
    await until(openGroups(batch, 1));
    held.letGo();
    expect(await resultOf(batch)).toMatchObject({
      outcome: 'failed',
      counts: { by: { completed: 1, failed: 2, pending: 5 } },
    });
    expect(calls.filter((call) => call.startsWith('submitItems')).toSorted()).toEqual([
      'submitItems 0',
      'submitItems 2',
      'submitItems 2',
    ]);
  });
});

test('a stop reaches open groups while a failure has those of earlier starts looked for', async () => {
  const [searching, submitting] = [new Held(), new Held()];
  const { activities, calls } = fakeBatch(
    { items: 6, size: 2 },
    {
      submitItems: async (input) => {
        if (input.from === 0) return newsOfAll(input, 'failed');
        await submitting.wait();
        return newsOfAll(input, 'completed');
      },
      findEarlierGroups: async () => {
        if (calls.filter((call) => call.startsWith('findEarlierGroups')).length === 1) await searching.wait();
        return [];
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const batch = await start('stopped-after-failure', { inFlight: 4, failureMode: 'FailAfterOne' });
    await until(() => searching.waiting === 1 && submitting.waiting === 1);
    await batch.signal('cancel');
    expect(await resultOf(batch)).toMatchObject({
      outcome: 'cancelled',
      counts: { by: { failed: 2, cancelled: 2, pending: 2 } },
    });
  });
});
