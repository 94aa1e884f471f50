import { WorkflowFailedError } from '@temporalio/client';
import type { BatchStatus } from '../../../src/contracts/batch/batch-status';
import { failure } from '../../../src/contracts/failures';
import { ASSET_BATCH_DELETION, batchWorkflowId, WORKFLOW_TASK_QUEUE } from '../../../src/contracts/ids';
import { fakeBatch, Held, newsOfAll } from '../../support/batches/fake-batch';
import { statusOf } from '../../support/batches/started-batches';
import { LifecycleEnvironment } from '../../support/system/lifecycle-environment';
import { until } from '../../support/until';

jest.setTimeout(60_000);
/** Events, so that a deletion of some groups goes on in a new run. */
const LONG_HISTORY = 150;
let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create('dev', LONG_HISTORY);
}, 120_000);
afterAll(() => lifecycles.close());

const start = (batchId: string) =>
  lifecycles.env.client.workflow.start(ASSET_BATCH_DELETION, {
    taskQueue: WORKFLOW_TASK_QUEUE,
    workflowId: batchWorkflowId(batchId),
    args: [{ batchId, provider: 'twelvelabs' }],
  });

test('a deletion of many groups goes on in new runs; a group that is cleaned up after later is waited for', async () => {
  const { activities, calls } = fakeBatch(
    { items: 60, size: 1 },
    {
      stopItems: async (input) =>
        input.from === 3 ? newsOfAll(input, 'cleaning', 'clean') : newsOfAll(input, 'deleted'),
      cleanItems: async (input) => newsOfAll(input, 'deleted'),
    },
  );
  await lifecycles.with(activities, async () => {
    const { workflowId, firstExecutionRunId } = await start('many');
    const deletion = lifecycles.env.client.workflow.getHandle(workflowId);
    const status = (await deletion.result()) as BatchStatus;
    expect(status).toMatchObject({ outcome: 'deleted', counts: { items: 60, by: { deleted: 60 } } });
    expect((await deletion.describe()).runId).not.toBe(firstExecutionRunId);
    expect(calls.filter((call) => call.startsWith('stopItems'))).toHaveLength(60);
    expect(calls.filter((call) => call.startsWith('cleanItems'))).toEqual(['cleanItems 3']);
    expect(calls.filter((call) => call === 'closeBatch')).toHaveLength(1);
  });
});

test('one that is refused has told no group of a batch that was ended from outside', async () => {
  const { activities, calls } = fakeBatch(
    { items: 2, size: 2 },
    {
      openToDelete: async () => {
        throw failure('InvalidRequest', 'provider: the batch is one of another');
      },
    },
  );
  await lifecycles.with(activities, async () => {
    await expect((await start('refused')).result()).rejects.toThrow(WorkflowFailedError);
  });
  expect(calls).not.toContain('findEarlierGroups');
});

test('a cancellation lets what is under way end; the rest is told of as the store knows it', async () => {
  const held = new Held();
  let untouched = 0;
  const { activities } = fakeBatch(
    { items: 60, size: 1 },
    {
      stopItems: async (input) => {
        await held.wait();
        return newsOfAll(input, 'deleted');
      },
      closeBatch: async (input) => {
        for (const { from, end } of input.rest ?? []) untouched += end - from;
        expect(input.stopped).toBe('cancelled');
        return { items: 40, by: { completed: 40 }, bytes: 0 };
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const deletion = await start('cancelled');
    await until(() => Promise.resolve(held.waiting === 20));
    await deletion.cancel();
    await until(async () => (await statusOf(deletion)).phase === 'stopping');
    held.letGo();
    expect(await deletion.result()).toMatchObject({
      ...{ outcome: 'cancelled', counts: { items: 60, by: { deleted: 20, completed: 40 } } },
    });
    expect(untouched).toBe(40);
  });
});

test('what is left over fails the deletion; a group that gave up is told of, and the others go on', async () => {
  const { activities } = fakeBatch(
    { items: 3, size: 1 },
    {
      stopItems: async (input) =>
        input.from === 1 ? { ...newsOfAll(input, 'failed'), leftOver: 1 } : newsOfAll(input, 'deleted'),
    },
  );
  await lifecycles.with(activities, async () => {
    expect(await (await start('left-over')).result()).toMatchObject({
      ...{ outcome: 'failed', counts: { by: { deleted: 2, failed: 1 } } },
      failures: [{ key: '1' }],
    });
  });
});

test('input that is wrong is refused', async () => {
  const { activities } = fakeBatch({ items: 1, size: 1 });
  await lifecycles.with(activities, async () => {
    await expect((await start('x'.repeat(101))).result()).rejects.toThrow(WorkflowFailedError);
  });
});
