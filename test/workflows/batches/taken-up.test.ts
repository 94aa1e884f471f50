import type { WorkflowHandle } from '@temporalio/client';
import type { GroupInput } from '../../../src/contracts/batch/groups';
import {
  batchWorkflowId,
  GROUP_ENDED_SIGNAL,
  GROUP_PROGRESS_SIGNAL,
  groupWorkflowId,
} from '../../../src/contracts/ids';
import { NO_COUNTS } from '../../../src/contracts/batch/item-outcome';
import { carriedOf } from '../../support/batches/carried-batch';
import {
  EARLIER_START,
  resultOf,
  startBatch as startBatchOf,
  startGroup as startGroupOf,
} from '../../support/batches/started-batches';
import { fakeBatch, Held, newsOfAll } from '../../support/batches/fake-batch';
import { forever } from '../../support/fake-activities';
import { LifecycleEnvironment } from '../../support/system/lifecycle-environment';
import { until } from '../../support/until';

jest.setTimeout(60_000);
let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create('dev');
}, 120_000);
afterAll(() => lifecycles.close());

const startBatch = (batchId: string, carried?: object, more: object = {}) =>
  startBatchOf(lifecycles.env.client, batchId, { carried, ...more });
const startGroup = (batchId: string, from: number, more: Partial<GroupInput> = {}) =>
  startGroupOf(lifecycles.env.client, batchId, from, more);

const failuresToStart = async (batch: WorkflowHandle): Promise<number> => {
  const { events } = await batch.fetchHistory();
  return (events ?? []).filter(({ startChildWorkflowExecutionFailedEventAttributes: failed }) => failed).length;
};

/** The batch has found that a group of an earlier start runs under the id of its own. */
const hasTakenUp = (batch: WorkflowHandle) => async () => (await failuresToStart(batch)) > 0;

/** @param leaves where the items of its first group stand once that has closed */
function heldGroup(batchId: string, leaves = 'completed') {
  const held = new Held();
  const group = lifecycles.env.client.workflow.getHandle(groupWorkflowId(batchId, 0));
  const isOpen = (): Promise<boolean> =>
    group.describe().then(
      ({ status }) => status.name === 'RUNNING',
      () => false, // there is none
    );
  const { activities, calls } = fakeBatch(
    { items: 2, size: 2 },
    {
      submitItems: async (input) => {
        await held.wait();
        return newsOfAll(input, 'completed');
      },
      findEarlierGroups: async () => [{ from: 0, end: 2 }],
      lookAtGroups: async ({ groups: [range = { from: 0, end: 2 }] }) => {
        const open = await isOpen();
        return [{ ...range, open, ...newsOfAll(range, open ? 'processing' : leaves) }];
      },
    },
  );
  return { held, activities, calls };
}

const toNobody = { batchWorkflowId: batchWorkflowId('nobody') };

test('a batch hears within seconds of the end of a group that it has just taken up, and that has told nobody', async () => {
  const batchId = 'untold';
  const { held, activities, calls } = heldGroup(batchId);
  await lifecycles.with(activities, async () => {
    await startGroup(batchId, 0, toNobody);
    await until(() => held.waiting === 1);
    const batch = await startBatch(batchId);
    await until(hasTakenUp(batch));
    held.letGo();
    expect(await resultOf(batch)).toMatchObject({ outcome: 'completed', counts: { by: { completed: 2 } } });
  });
  expect(calls.filter((call) => call.startsWith('submitItems'))).toEqual(['submitItems 0']);
});

test('a batch that has gone on in a new run hears of it too', async () => {
  const batchId = 'untold-before';
  const { held, activities } = heldGroup(batchId);
  held.letGo();
  const carried = carriedOf(batchId);
  const counts = { items: 2, by: { creating: 2 }, bytes: 0 };
  const open = [{ from: 0, end: 2, heardAt: Date.now(), adopted: true, counts, failures: [] }];
  const progress = { ...carried.progress, open };
  await lifecycles.with(activities, async () => {
    const batch = await startBatch(batchId, { ...carried, progress, planned: [{ from: 2, end: 4 }] });
    expect(await resultOf(batch)).toMatchObject({ outcome: 'completed', counts: { by: { completed: 4 } } });
  });
});

test('a stop hears of a group that ended while it was looked for', async () => {
  const batchId = 'untold-stopped';
  const { activities } = heldGroup(batchId);
  const carried = carriedOf(batchId);
  await lifecycles.with(activities, async () => {
    const progress = { ...carried.progress, paused: true };
    const batch = await startBatch(batchId, { ...carried, progress });
    await batch.signal('cancel');
    expect(await resultOf(batch)).toMatchObject({ outcome: 'cancelled', counts: { by: { completed: 2, pending: 2 } } });
  });
});

test.each([
  ['tells its end', {}],
  ['has told nobody', toNobody],
])('a batch that is stopped before its list waits for a group of an earlier start that %s', async (how, more) => {
  const batchId = how.replaceAll(' ', '-');
  const group = lifecycles.env.client.workflow.getHandle(groupWorkflowId(batchId, 0));
  const held = new Held();
  const { activities, calls } = fakeBatch(
    { items: 2, size: 2 },
    {
      listItems: forever,
      submitItems: forever,
      findEarlierGroups: async () => ((await group.describe()).status.name === 'RUNNING' ? [{ from: 0, end: 2 }] : []),
      stopItems: async (input) => {
        await held.wait();
        return newsOfAll(input, 'cancelled');
      },
    },
  );
  const looks = () => calls.filter((call) => call.startsWith('findEarlierGroups')).length;
  await lifecycles.with(activities, async () => {
    await startGroup(batchId, 0, more);
    await until(() => calls.includes('submitItems 0'));
    const batch = await startBatch(batchId);
    await until(() => calls.includes('listItems'));
    await batch.signal('cancel');
    if (more !== toNobody) await until(() => held.waiting === 1 && looks() === 2);
    expect((await batch.describe()).status.name).toBe('RUNNING');
    held.letGo();
    expect(await resultOf(batch)).toMatchObject({ outcome: 'cancelled', counts: { items: 0, by: {} } });
    if (more === toNobody) expect((await group.describe()).status.name).not.toBe('RUNNING');
    await group.result(); // one that tells its end closes a moment after the batch has heard of it
  });
  expect(looks()).toBe(2);
});

test('open groups hear of a stop before those of earlier starts are looked for', async () => {
  const held = new Held();
  const search = new Held();
  const { activities, calls } = fakeBatch(
    { items: 4, size: 2 },
    {
      submitItems: async (input) => {
        await held.wait();
        return newsOfAll(input, 'completed');
      },
      findEarlierGroups: async () => {
        await search.wait();
        return [];
      },
      closeBatch: async () => NO_COUNTS,
    },
  );
  await lifecycles.with(activities, async () => {
    const batch = await startBatch('told-at-once', undefined, { inFlight: 2 });
    await until(() => held.waiting === 1);
    await batch.signal('cancel');
    await until(() => calls.includes('stopItems 0'));
    search.letGo();
    expect(await resultOf(batch)).toMatchObject({ outcome: 'cancelled' });
  });
});

test('after the first failure groups of an earlier start are taken up, and nothing more is started', async () => {
  const held = new Held();
  const batchId = 'failed-first';
  const { activities, calls } = fakeBatch(
    { items: 8, size: 2 },
    {
      submitItems: async (input) => {
        if (input.from === 0) return newsOfAll(input, 'failed');
        await held.wait();
        return newsOfAll(input, 'completed');
      },
      findEarlierGroups: async () => [{ from: 4, end: 6 }],
      closeBatch: async () => NO_COUNTS,
    },
  );
  await lifecycles.with(activities, async () => {
    await startGroup(batchId, 4);
    await until(() => held.waiting === 1);
    const batch = await startBatch(batchId, undefined, { failureMode: 'FailAfterOne', inFlight: 2 });
    await until(() => calls.includes('findEarlierGroups 2'));
    held.letGo();
    expect(await resultOf(batch)).toMatchObject({
      outcome: 'failed',
      counts: { by: { completed: 2, failed: 2, pending: 4 } },
    });
  });
  expect(calls.filter((call) => call.startsWith('submitItems'))).toEqual(['submitItems 4', 'submitItems 0']);
  expect(calls.filter((call) => /noteFailure|takeOver/.test(call))).toEqual(['noteFailure', 'takeOverOutcomes']);
});

test('a failure in a group that was taken up is passed on while that goes on', async () => {
  const held = new Held();
  const batchId = 'failed-taken-up';
  const { activities, calls } = fakeBatch(
    { items: 6, size: 2 },
    {
      submitItems: async (input) => {
        await held.wait();
        return newsOfAll(input, 'completed');
      },
    },
  );
  await lifecycles.with(activities, async () => {
    await startGroup(batchId, 0);
    await until(() => held.waiting === 1);
    const batch = await startBatch(batchId, undefined, { failureMode: 'FailAfterOne', inFlight: 4 });
    await until(() => held.waiting === 2);
    const one = {
      from: 0,
      end: 2,
      start: EARLIER_START,
      counts: { items: 2, by: { failed: 1, creating: 1 }, bytes: 0 },
    };
    await batch.signal(GROUP_PROGRESS_SIGNAL, { ...one, failures: [] });
    await until(() => calls.includes('noteFailure'));
    expect(calls).not.toContain('submitItems 4');
    held.letGo();
    expect(await resultOf(batch)).toMatchObject({ counts: { by: { completed: 4, pending: 2 } } });
  });
});

test('a group that has told its end, and is to run again, does so though it was closing', async () => {
  const batchId = 'told-again';
  const { held, activities, calls } = heldGroup(batchId, 'pending');
  await lifecycles.with(activities, async () => {
    const group = await startGroup(batchId, 0, toNobody);
    await until(() => held.waiting === 1);
    const batch = await startBatch(batchId);
    await until(hasTakenUp(batch));
    const undone = { from: 0, end: 2, start: EARLIER_START, counts: { items: 2, by: { pending: 2 }, bytes: 0 } };
    await batch.signal(GROUP_ENDED_SIGNAL, { ...undone, failures: [] });
    await until(async () => (await failuresToStart(batch)) === 2);
    await group.terminate('by a test');
    held.letGo();
    expect(await resultOf(batch)).toMatchObject({ outcome: 'completed', counts: { by: { completed: 2 } } });
  });
  expect(calls.filter((call) => call.startsWith('submitItems'))).toHaveLength(2);
});
