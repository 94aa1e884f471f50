import { Context } from '@temporalio/activity';
import { WorkflowFailedError } from '@temporalio/client';
import type { BatchStatus } from '../../../src/contracts/batch/batch-status';
import type { StopItemsInput } from '../../../src/contracts/batch/groups';
import { failure } from '../../../src/contracts/failures';
import {
  ASSET_BATCH_DELETION,
  batchWorkflowId,
  FORCE_DELETE_ITEM_SIGNAL,
  groupWorkflowId,
  PAUSE_SIGNAL,
  RESUME_SIGNAL,
  WORKFLOW_TASK_QUEUE,
} from '../../../src/contracts/ids';
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

/** A removal that goes on until it is cancelled, with half of a group gone; then `next` has its say. */
function untilCancelled(next: () => boolean) {
  const calls: string[] = [];
  const half = (input: StopItemsInput) => ({
    ...newsOfAll(input, 'deleted'),
    counts: { items: 2, by: { deleted: 1, completed: 1 }, bytes: 0 },
  });
  const stopItems = async (input: StopItemsInput) => {
    const { items } = input;
    calls.push(`${input.from} ${items === undefined ? 'ends what has begun' : 'removes'}`);
    if (items === undefined) return half(input);
    return next() ? newsOfAll(input, 'deleted') : beatUntilCancelled();
  };
  return { stopItems, calls };
}

/** An activity hears of its cancellation by a heartbeat. */
async function beatUntilCancelled(): Promise<never> {
  const beating = setInterval(() => Context.current().heartbeat(), 100);
  return Context.current().cancelled.finally(() => clearInterval(beating));
}

test('the time left is that of the groups that have begun', async () => {
  const held = new Held();
  const { activities } = fakeBatch(
    { items: 4, size: 1 },
    {
      openToDelete: async ({ batchId, provider }) => {
        const ref = { batchId, provider, storeId: 'store-1', start: 'the last start' };
        return { ...ref, items: 100, begun: 4, refused: 0, bytes: 0, uri: 'file:///results/of' };
      },
      stopItems: async (input) => {
        if (input.from >= 2) await held.wait();
        return newsOfAll(input, 'deleted');
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const deletion = await start('time-left');
    await until(async () => (await statusOf(deletion)).groups === 2);
    const { secondsLeft = 0, itemsPerSec = 0, counts } = await statusOf(deletion);
    expect([Math.round(secondsLeft * itemsPerSec), counts.items]).toEqual([2, 100]);
    held.letGo();
    await deletion.result();
  });
});

test('a cancel ends what a group is at, and leaves the rest', async () => {
  const { stopItems, calls } = untilCancelled(() => false);
  const { activities } = fakeBatch(
    { items: 4, size: 2 },
    {
      stopItems,
      closeBatch: async ({ rest = [] }) => {
        expect(rest.toSorted((one, other) => one.from - other.from)).toEqual([
          { from: 0, end: 2 },
          { from: 2, end: 4 },
        ]);
        return { items: 4, by: { deleted: 2, completed: 2 }, bytes: 0 };
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const deletion = await start('halted');
    await until(() => calls.length === 2);
    await deletion.signal('cancel', { reason: 'the wrong one' });
    expect(await deletion.result()).toMatchObject({
      ...{ outcome: 'cancelled', reason: 'the wrong one', counts: { items: 4, by: { deleted: 2, completed: 2 } } },
    });
  });
  expect(calls.toSorted()).toEqual(['0 ends what has begun', '0 removes', '2 ends what has begun', '2 removes']);
});

test('a pause ends it too, and the group runs again after it', async () => {
  let isResumed = false;
  const held = new Held();
  const halted = untilCancelled(() => isResumed);
  const { calls } = halted;
  const stopItems = async (input: StopItemsInput) => {
    const news = await halted.stopItems(input);
    if (isResumed) await held.wait();
    return news;
  };
  const { activities } = fakeBatch({ items: 2, size: 2 }, { stopItems });
  await lifecycles.with(activities, async () => {
    const deletion = await start('paused');
    await until(() => calls.length === 1);
    await deletion.signal(PAUSE_SIGNAL);
    await until(async () => (await statusOf(deletion)).groups === 0);
    expect(await statusOf(deletion)).toMatchObject({ phase: 'paused', counts: { by: { deleted: 1, completed: 1 } } });
    isResumed = true;
    await deletion.signal(RESUME_SIGNAL);
    await until(() => held.waiting === 1);
    expect((await statusOf(deletion)).counts.by).toEqual({ deleted: 1, cleaning: 1 }); // so much is under way
    held.letGo();
    expect(await deletion.result()).toMatchObject({ outcome: 'deleted', counts: { items: 2, by: { deleted: 2 } } });
  });
  expect(calls).toEqual(['0 removes', '0 ends what has begun', '0 removes']);
});

test('an item that is asked for beside a pause does not make the rest pass for removed', async () => {
  let isResumed = false;
  const halted = untilCancelled(() => isResumed);
  const stopItems = async (input: StopItemsInput) =>
    input.items?.length === 1 ? newsOfAll(input, 'deleted') : halted.stopItems(input);
  const { activities } = fakeBatch({ items: 2, size: 2 }, { stopItems });
  await lifecycles.with(activities, async () => {
    const deletion = await start('one-of-them');
    await until(() => halted.calls.length === 1);
    const group = lifecycles.env.client.workflow.getHandle(groupWorkflowId('one-of-them', 0));
    await group.signal(FORCE_DELETE_ITEM_SIGNAL, { item: 1 });
    await deletion.signal(PAUSE_SIGNAL);
    await until(async () => (await statusOf(deletion)).groups === 0);
    isResumed = true;
    await deletion.signal(RESUME_SIGNAL);
    expect(await deletion.result()).toMatchObject({ outcome: 'deleted' });
  });
  expect(halted.calls).toEqual(['0 removes', '0 ends what has begun', '0 removes']);
});

test('a group that still ends what it had begun goes on with a resumption', async () => {
  const calls: string[] = [];
  const { activities } = fakeBatch(
    { items: 2, size: 2 },
    {
      stopItems: async (input) => {
        calls.push(input.items ? 'removes' : 'ends what has begun');
        return calls.length === 3 ? newsOfAll(input, 'deleted') : beatUntilCancelled();
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const deletion = await start('in-trouble');
    await until(() => calls.length === 1);
    await deletion.signal(PAUSE_SIGNAL);
    await until(() => calls.length === 2);
    await deletion.signal(RESUME_SIGNAL);
    expect(await deletion.result()).toMatchObject({ outcome: 'deleted', counts: { by: { deleted: 2 } } });
  });
  expect(calls).toEqual(['removes', 'ends what has begun', 'removes']);
});

test('a group that gives up while it removes is not started again', async () => {
  const { activities, calls } = fakeBatch(
    { items: 4, size: 2 },
    {
      stopItems: async (input) => {
        if (input.from === 0) throw failure('InvalidRequest', 'another store');
        return newsOfAll(input, 'deleted');
      },
    },
  );
  await lifecycles.with(activities, async () => {
    expect(await (await start('gave-up')).result()).toMatchObject({
      ...{ outcome: 'failed', error: { message: expect.stringContaining('another store') } },
    });
  });
  expect(calls.filter((call) => call === 'stopItems 0')).toHaveLength(1);
});

test('what a halted group had left over is told of by a cancel', async () => {
  const halted = untilCancelled(() => false);
  const stopItems = async (input: StopItemsInput) => ({ ...(await halted.stopItems(input)), leftOver: 1 });
  const { activities } = fakeBatch({ items: 2, size: 2 }, { stopItems });
  await lifecycles.with(activities, async () => {
    const deletion = await start('left-over-by-halt');
    await until(() => halted.calls.length === 1);
    await deletion.signal(PAUSE_SIGNAL);
    await until(async () => (await statusOf(deletion)).groups === 0);
    await deletion.signal('cancel', {});
    expect(await deletion.result()).toMatchObject({ outcome: 'failed' });
  });
});

test('a group of a removal that was terminated leaves the rest to the next one', async () => {
  let isNext = false;
  const { stopItems, calls } = untilCancelled(() => isNext);
  const group = lifecycles.env.client.workflow.getHandle(groupWorkflowId('terminated', 0));
  const isRunning = async () => (await group.describe()).status.name === 'RUNNING';
  const { activities } = fakeBatch(
    { items: 2, size: 2 },
    {
      stopItems,
      findEarlierGroups: async () => (isNext ? [{ from: 0, end: 2 }] : []),
      lookAtGroups: async () => [
        { from: 0, end: 2, open: await isRunning(), ...newsOfAll({ from: 0, end: 2 }, 'cleaning') },
      ],
    },
  );
  await lifecycles.with(activities, async () => {
    const first = await start('terminated');
    await until(() => calls.length === 1);
    await lifecycles.env.client.workflow.getHandle(first.workflowId).terminate('a test');
    expect(await isRunning()).toBe(true);
    isNext = true;
    expect(await (await start('terminated')).result()).toMatchObject({
      ...{ outcome: 'deleted', counts: { by: { deleted: 2 } } },
    });
  });
  expect(calls.filter((call) => call === '0 removes')).toHaveLength(2);
  expect(calls.at(-1)).toBe('0 removes');
});
