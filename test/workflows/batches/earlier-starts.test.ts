import type { WorkflowHandle } from '@temporalio/client';
import { Context } from '@temporalio/activity';
import { LifecycleClient } from '../../../src/client/lifecycle-client';
import type { BatchActivities, BatchStatus } from '../../../src/contracts/batch/batch-status';
import { failure } from '../../../src/contracts/failures';
import type { GroupInput, GroupNews } from '../../../src/contracts/batch/groups';
import {
  ASSET_BATCH,
  ASSET_GROUP,
  batchWorkflowId,
  GROUP_PROGRESS_SIGNAL,
  groupWorkflowId,
  WORKFLOW_TASK_QUEUE,
} from '../../../src/contracts/ids';
import { carriedOf } from '../../support/batches/carried-batch';
import { fakeBatch, Held, newsOfAll } from '../../support/batches/fake-batch';
import { LifecycleEnvironment } from '../../support/system/lifecycle-environment';
import { until } from '../../support/until';

jest.setTimeout(60_000);
/** Events, so that a batch of some groups goes on in a new run. */
const LONG_HISTORY = 150;
let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create('dev', LONG_HISTORY);
}, 120_000);
afterAll(() => lifecycles.close());

const items = { type: 'folder', path: '/media' };
const START = 'an earlier start';

const startBatch = (batchId: string, args: unknown[] = [{ batchId, items }]) =>
  lifecycles.env.client.workflow.start(ASSET_BATCH, {
    taskQueue: WORKFLOW_TASK_QUEUE,
    workflowId: batchWorkflowId(batchId),
    args,
  });

const startGroup = (batchId: string, end: number, more: Partial<GroupInput> = {}) => {
  const ref = { batchId, provider: 'twelvelabs', storeId: 's', start: START };
  const batch = { batchWorkflowId: batchWorkflowId(batchId), stopsAtFailure: false };
  const group: GroupInput = { ...ref, from: 0, end, ...batch, ...more };
  return lifecycles.env.client.workflow.start(ASSET_GROUP, {
    taskQueue: WORKFLOW_TASK_QUEUE,
    workflowId: groupWorkflowId(batchId, 0),
    args: [group],
  });
};

const resultOf = async (handle: WorkflowHandle): Promise<BatchStatus> => (await handle.result()) as BatchStatus;

const openGroups = (batch: WorkflowHandle, groups: number) => async () =>
  (await batch.query<BatchStatus>('status')).groups === groups;

/** As of a worker that died while its step was being cancelled: the step fails, and is not tried again. */
async function brokenByItsCancellation(): Promise<never> {
  const { cancellationSignal } = Context.current();
  const beats = setInterval(() => Context.current().heartbeat(), 50);
  await new Promise((resolve) => cancellationSignal.addEventListener('abort', resolve));
  clearInterval(beats);
  throw failure('ProviderUnavailable', 'the worker died');
}

test('a start that joins a batch in its second run gives the id of the start, and says that it joined', async () => {
  const held = new Held();
  const { activities } = fakeBatch(
    { items: 30, size: 1 },
    {
      submitItems: async (input) => {
        if (input.from < 6) await held.wait();
        return newsOfAll(input, 'completed');
      },
    },
  );
  const temporal = { client: lifecycles.env.client, address: 'a test', namespace: 'default' };
  const { batches } = await LifecycleClient.connect({ temporal });
  await lifecycles.with(activities, async () => {
    const input = { batchId: 'joined-later', items, inFlight: 30 };
    const first = await batches.start(input);
    expect(first.joined).toBe(false);
    const batch = lifecycles.env.client.workflow.getHandle(first.workflowId);
    await until(async () => (await batch.describe()).runId !== first.runId);
    expect(await batches.start(input)).toEqual({ ...first, joined: true });
    held.letGo();
    await batch.result();
    const again = await batches.start(input);
    expect(again).toMatchObject({ joined: false });
    expect(again.runId).not.toBe(first.runId);
    await batch.result();
  });
});

test.each([
  ['cancel', (batch: WorkflowHandle) => batch.signal('cancel')],
  ['forceDelete', (batch: WorkflowHandle) => batch.signal('forceDelete')],
  ['native cancel', (batch: WorkflowHandle) => batch.cancel()],
])('a run that goes on with planned groups starts none after a %s', async (name, stop) => {
  const { activities, calls } = fakeBatch({ items: 4, size: 2 });
  const batchId = `on-${name.replace(' ', '-')}`;
  const batch = await startBatch(batchId, [{ batchId, items }, carriedOf(batchId)]);
  await stop(batch); // no worker has taken it yet
  await lifecycles.with(activities, async () => {
    const { outcome, counts: told } = await resultOf(batch);
    expect({ outcome, by: told.by }).toEqual({
      outcome: name === 'forceDelete' ? 'deleted' : 'cancelled',
      by: { pending: 4 },
    });
  });
  expect(calls.filter((call) => call.startsWith('submitItems'))).toEqual([]);
});

test.each([
  ['cancel', (batch: WorkflowHandle) => batch.signal('cancel')],
  ['native cancel', (batch: WorkflowHandle) => batch.cancel()],
])('a %s that comes while a batch closes is obeyed', async (name, stop) => {
  const held = new Held();
  const { activities } = fakeBatch(
    { items: 2, size: 2 },
    {
      closeBatch: async () => {
        await held.wait();
        return undefined;
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const batchId = `closing-${name.replace(' ', '-')}`;
    const batch = await startBatch(batchId, [{ batchId, items }]);
    await until(() => Promise.resolve(held.waiting === 1));
    await stop(batch);
    held.letGo();
    expect(await resultOf(batch)).toMatchObject({ outcome: 'cancelled', counts: { by: { completed: 2 } } });
  });
});

test.each([
  ['cancel', (group: WorkflowHandle) => group.signal('cancel')],
  ['native cancel', (group: WorkflowHandle) => group.cancel()],
])('a group whose step breaks while a %s ends it still cleans up', async (name, stop) => {
  const { activities, calls } = fakeBatch({ items: 2, size: 2 }, { submitItems: brokenByItsCancellation });
  await lifecycles.with(activities, async () => {
    const group = await startGroup(`broken-${name.replace(' ', '-')}`, 2);
    await until(() => calls.includes('submitItems 0'));
    await stop(group);
    expect(await group.result()).toMatchObject({ counts: { by: { cancelled: 2 } } });
  });
  expect(calls).toContain('stopItems 0');
});

test('a group that cannot clean up tells its batch', async () => {
  const { activities } = fakeBatch(
    { items: 2, size: 2 },
    {
      submitItems: brokenByItsCancellation,
      stopItems: async () => {
        throw failure('InvalidRequest', 'another store');
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const batch = await startBatch('cannot-clean');
    await until(openGroups(batch, 1));
    await batch.signal('cancel');
    const { outcome, error } = await resultOf(batch);
    expect({ outcome, error }).toMatchObject({ outcome: 'cancelled', error: { message: /another store/ } });
  });
});

test('a batch whose own step breaks while a stop ends it has been stopped', async () => {
  const { activities, calls } = fakeBatch({ items: 2, size: 2 }, { planGroups: brokenByItsCancellation });
  await lifecycles.with(activities, async () => {
    const batch = await startBatch('broken-plan');
    await until(() => calls.includes('planGroups 0'));
    await batch.signal('cancel');
    expect(await resultOf(batch)).toMatchObject({ outcome: 'cancelled', counts: { by: { pending: 2 } } });
  });
});

test('a batch goes on where the account’s list is refused', async () => {
  const { activities } = fakeBatch(
    { items: 2, size: 2 },
    {
      findExisting: async () => {
        throw failure('ProviderRejected', 'GET /assets: 400');
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const batch = await startBatch('list-refused');
    expect(await resultOf(batch)).toMatchObject({ outcome: 'completed', counts: { by: { completed: 2 } } });
  });
});

/** Of two items one has failed. */
const oneFailed = (input: { from: number; end: number }): GroupNews => ({
  ...newsOfAll(input, 'failed'),
  counts: { items: 2, by: { completed: 1, failed: 1 }, bytes: 0 },
});

test.each([
  ['ends with a failed item', oneFailed, undefined, { completed: 1, failed: 1 }],
  ['is stopped with this start', oneFailed, 'cancel', { cancelled: 2 }],
])('what becomes of a group of an earlier start that %s is of this start', async (_how, news, signal, by) => {
  const held = new Held();
  const taken: unknown[] = [];
  const batchId = `of-earlier-${signal ?? 'end'}`;
  const { activities } = fakeBatch(
    { items: 2, size: 2 },
    {
      submitItems: async (input) => {
        await held.wait();
        return news(input);
      },
      takeOverOutcomes: async ({ start, groups }) => void taken.push({ start, groups }),
    },
  );
  await lifecycles.with(activities, async () => {
    await startGroup(batchId, 2);
    await until(() => held.waiting === 1);
    const batch = await startBatch(batchId);
    await until(openGroups(batch, 1));
    if (signal) await batch.signal(signal);
    else held.letGo();
    expect((await resultOf(batch)).counts.by).toEqual(by);
    expect(taken).toEqual([{ start: batch.firstExecutionRunId, groups: [{ from: 0, end: 2, start: START }] }]);
  });
});

test('a group of this start is left as it is', async () => {
  const { activities, calls } = fakeBatch({ items: 2, size: 2 }, { submitItems: async (input) => oneFailed(input) });
  await lifecycles.with(activities, async () => {
    const batch = await startBatch('of-this-start');
    expect((await resultOf(batch)).counts.by).toEqual({ completed: 1, failed: 1 });
  });
  expect(calls).not.toContain('takeOverOutcomes');
});

/** Of each range that a start has not come to its first item has completed in an earlier start. */
const firstsBefore =
  (asked: unknown[]): BatchActivities['closeBatch'] =>
  async ({ rest }) => {
    asked.push(rest);
    return rest && { items: rest.length, by: { completed: rest.length }, bytes: rest.length };
  };

test('what had completed before counts though a stop comes before it is planned', async () => {
  const asked: unknown[] = [];
  const overrides = { planGroups: brokenByItsCancellation, closeBatch: firstsBefore(asked) };
  const { activities, calls } = fakeBatch({ items: 4, size: 2 }, overrides);
  await lifecycles.with(activities, async () => {
    const batch = await startBatch('stopped-before-plan');
    await until(() => calls.includes('planGroups 0'));
    await batch.signal('cancel');
    const { outcome, counts: told } = await resultOf(batch);
    expect({ outcome, told }).toEqual({
      outcome: 'cancelled',
      told: { items: 4, by: { completed: 1, pending: 3 }, bytes: 1 },
    });
  });
  expect(asked).toEqual([[{ from: 0, end: 4 }]]);
});

test('what had completed before counts though a failure ends the batch before its group starts', async () => {
  const asked: unknown[] = [];
  const { activities } = fakeBatch(
    { items: 6, size: 2 },
    { submitItems: async (input) => oneFailed(input), closeBatch: firstsBefore(asked) },
  );
  await lifecycles.with(activities, async () => {
    const batchId = 'failed-before-start';
    const batch = await startBatch(batchId, [{ batchId, items, failureMode: 'FailAfterOne', inFlight: 2 }]);
    expect((await resultOf(batch)).counts.by).toEqual({ completed: 3, failed: 1, pending: 2 });
  });
  expect(asked).toEqual([
    [
      { from: 2, end: 4 },
      { from: 4, end: 6 },
    ],
  ]);
});

test.each([
  ['planned', {}],
  ['not planned', { planned: [], next: 0 }],
])('a group of an earlier start that a stop reaches, %s, counts once', async (_how, ahead) => {
  const held = new Held();
  const asked: unknown[] = [];
  const batchId = `reached-once-${Object.keys(ahead).length}`;
  const { activities } = fakeBatch(
    { items: 4, size: 2 },
    {
      findEarlierGroups: async () => [{ from: 0, end: 2 }],
      submitItems: async (input) => {
        await held.wait();
        return newsOfAll(input, 'completed');
      },
      closeBatch: firstsBefore(asked),
    },
  );
  await lifecycles.with(activities, async () => {
    await startGroup(batchId, 2);
    await until(() => held.waiting === 1);
    const carried = carriedOf(batchId);
    const progress = { ...carried.progress, paused: true };
    const batch = await startBatch(batchId, [
      { batchId, items },
      { ...carried, progress, ...ahead },
    ]);
    await batch.signal('cancel');
    expect((await resultOf(batch)).counts.by).toEqual({ cancelled: 2, completed: 1, pending: 1 });
  });
  expect(asked).toEqual([[{ from: 2, end: 4 }]]);
});

test('a batch that has come to all of its items asks for no rest', async () => {
  const asked: unknown[] = [];
  const { activities } = fakeBatch({ items: 4, size: 2 }, { closeBatch: firstsBefore(asked) });
  await lifecycles.with(activities, async () => {
    expect((await resultOf(await startBatch('no-rest'))).counts.by).toEqual({ completed: 4 });
  });
  expect(asked).toEqual([undefined]);
});

test('a failure in a group of an earlier start, which this start has not come to, does not keep it from going on', async () => {
  const held = new Held();
  const findExisting = async () => {
    await held.wait();
    return null;
  };
  const { activities } = fakeBatch({ items: 4, size: 2 }, { findExisting });
  await lifecycles.with(activities, async () => {
    const batchId = 'failed-earlier';
    const batch = await startBatch(batchId, [{ batchId, items, failureMode: 'FailAfterOne' }]);
    await until(() => held.waiting === 1);
    const counts = { items: 2, by: { failed: 1, completed: 1 }, bytes: 2 };
    await batch.signal(GROUP_PROGRESS_SIGNAL, { from: 0, end: 2, start: START, counts, failures: [] });
    held.letGo();
    expect((await resultOf(batch)).counts.by).toEqual({ completed: 4 });
  });
});
