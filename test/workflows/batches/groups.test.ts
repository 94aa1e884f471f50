import { WithStartWorkflowOperation, type WorkflowHandle } from '@temporalio/client';
import { failure } from '../../../src/contracts/failures';
import type { GroupInput } from '../../../src/contracts/batch/groups';
import type { ItemRange } from '../../../src/contracts/batch/item-outcome';
import {
  ASSET_BATCH,
  ASSET_GROUP,
  batchWorkflowId,
  groupWorkflowId,
  SEARCH_ATTRIBUTES,
  WORKFLOW_TASK_QUEUE,
} from '../../../src/contracts/ids';
import { fakeBatch, Held, newsOfAll } from '../../support/batches/fake-batch';
import { forever } from '../../support/fake-activities';
import { openGroups, resultOf, statusOf } from '../../support/batches/started-batches';
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
const common = { taskQueue: WORKFLOW_TASK_QUEUE, workflowIdConflictPolicy: 'USE_EXISTING' } as const;

const start = (batchId: string, more: object = {}) =>
  lifecycles.env.client.workflow.start(ASSET_BATCH, {
    ...common,
    workflowId: batchWorkflowId(batchId),
    args: [{ batchId, items, ...more }],
  });

const startGroup = (batchId: string, end: number) => {
  const ref = { batchId, provider: 'twelvelabs', storeId: 's', start: 'an earlier start' };
  const group: GroupInput = { ...ref, from: 0, end, batchWorkflowId: batchWorkflowId(batchId), stopsAtFailure: false };
  const args = [group];
  return lifecycles.env.client.workflow.start(ASSET_GROUP, {
    ...common,
    workflowId: groupWorkflowId(batchId, 0),
    args,
  });
};

const onceLetGo = (held: Held) => async (input: ItemRange) => {
  await held.wait();
  return newsOfAll(input, 'completed');
};

const handleOf = (id: string, runId?: string): WorkflowHandle => lifecycles.env.client.workflow.getHandle(id, runId);

/**
 * The more it is told, the longer its history gets; each is a workflow task of its own. No more than it takes: how soon it can
 * go on in a new run depends on the machine.
 */
const untilNextRun = (batch: WorkflowHandle, firstRun: string) =>
  until(async () => {
    const { runId, historyLength } = await batch.describe();
    if (runId !== firstRun) return true;
    if (historyLength < LONG_HISTORY + 10) await batch.signal('resume');
    await statusOf(batch);
    return false;
  });

test('a batch goes on in a new run, which hears of the groups of the one before; no history is long', async () => {
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
  await lifecycles.with(activities, async () => {
    const { firstExecutionRunId } = await start('long', { inFlight: 30 });
    const batch = handleOf(batchWorkflowId('long'));
    await untilNextRun(batch, firstExecutionRunId);
    held.letGo();
    expect(await resultOf(batch)).toMatchObject({ outcome: 'completed', counts: { by: { completed: 30 } } });
    for (const runId of [firstExecutionRunId, (await batch.describe()).runId]) {
      const { events } = await handleOf(batchWorkflowId('long'), runId).fetchHistory();
      expect(events?.length).toBeLessThan(LONG_HISTORY + 100); // groups that start meanwhile are waited for
    }
  });
});

test('a stop also reaches the groups of an earlier run of the batch', async () => {
  const held = new Held();
  const { activities, calls } = fakeBatch(
    { items: 30, size: 1 },
    {
      submitItems: async (input) => {
        if (input.from < 3) await held.wait();
        return newsOfAll(input, 'completed');
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const { firstExecutionRunId } = await start('long-stopped', { inFlight: 20 });
    const batch = handleOf(batchWorkflowId('long-stopped'));
    await untilNextRun(batch, firstExecutionRunId);
    await until(openGroups(batch, 3));
    await batch.signal('cancel', { reason: 'a test' });
    const { outcome, reason, counts } = await resultOf(batch);
    expect({ outcome, reason, cancelled: counts.by.cancelled }).toEqual({
      outcome: 'cancelled',
      reason: 'a test',
      cancelled: 3,
    });
    expect(calls.filter((call) => call.startsWith('stopItems'))).toHaveLength(3);
  });
});

test('a stop before the groups are cut also reaches those that an earlier start has left running', async () => {
  const { activities, calls } = fakeBatch(
    { items: 4, size: 2 },
    {
      submitItems: forever,
      planGroups: forever,
      findEarlierGroups: async () => [{ from: 0, end: 2 }],
    },
  );
  await lifecycles.with(activities, async () => {
    await startGroup('stopped-early', 2);
    await until(() => calls.includes('submitItems 0'));
    const batch = await start('stopped-early');
    await until(() => calls.includes('planGroups 0'));
    await batch.signal('cancel');
    expect(await resultOf(batch)).toMatchObject({ outcome: 'cancelled', counts: { by: { cancelled: 2, pending: 2 } } });
    expect(calls).toContain('stopItems 0');
  });
});

test('a group that runs already is taken up, and its end is the batch’s', async () => {
  const held = new Held();
  const { activities, calls } = fakeBatch({ items: 2, size: 2 }, { submitItems: onceLetGo(held) });
  await lifecycles.with(activities, async () => {
    const group = await startGroup('adopting', 2);
    await until(() => held.waiting === 1);
    const batch = await start('adopting');
    await until(openGroups(batch, 1));
    held.letGo();
    expect((await resultOf(batch)).counts.by).toEqual({ completed: 2 });
    expect((await group.describe()).runId).toBe(group.firstExecutionRunId);
    expect(calls.filter((call) => call.startsWith('submitItems'))).toHaveLength(1);
  });
});

test('a group that was taken up while it stopped runs again', async () => {
  const held = new Held();
  const { activities } = fakeBatch(
    { items: 2, size: 2 },
    {
      submitItems: async (input) => {
        await held.wait();
        return newsOfAll(input, 'completed');
      },
      lookAtGroups: async ({ groups }) =>
        groups.map((group) => ({ ...group, open: false, ...newsOfAll(group, 'pending') })), // it may have been closing
    },
  );
  await lifecycles.with(activities, async () => {
    const group = await startGroup('adopted-too-late', 2);
    await until(() => held.waiting === 1);
    const batch = await start('adopted-too-late');
    await until(openGroups(batch, 1));
    await group.signal('cancel');
    await group.result();
    held.letGo();
    expect(await resultOf(batch)).toMatchObject({ outcome: 'completed', counts: { by: { completed: 2 } } });
  });
});

test('a group stops when it finds that its batch was ended from outside, as each item’s policy says', async () => {
  const policies: unknown[] = [];
  const { activities } = fakeBatch(
    { items: 2, size: 2 },
    {
      submitItems: async (input) => newsOfAll(input, 'processing', 'settle'),
      settleItems: async (input) => ({ ...newsOfAll(input, 'processing', 'settle'), batchIsGone: true }),
      stopItems: async (input) => {
        policies.push(input.policy, input.outcome);
        return newsOfAll(input, 'cancelled');
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const group = await startGroup('gone', 2);
    expect(await group.result()).toMatchObject({ counts: { by: { cancelled: 2 } } });
  });
  expect(policies).toEqual([undefined, 'cancelled']);
});

test.each([
  ['cancel', {}, undefined],
  ['cancel', { cleanup: 'keep' }, 'keep'],
  ['forceDelete', {}, 'force-delete'],
])('a %s with %j gives the items of a group the policy %s', async (signal, payload, policy) => {
  const held = new Held();
  const policies: unknown[] = [];
  const { activities } = fakeBatch(
    { items: 2, size: 2 },
    {
      submitItems: async (input) => {
        await held.wait();
        return newsOfAll(input, 'completed');
      },
      stopItems: async (input) => {
        policies.push(input.policy);
        return newsOfAll(input, input.outcome);
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const batch = await start(`policy-${signal}-${policy}`);
    await until(() => held.waiting === 1);
    await batch.signal(signal, payload);
    await resultOf(batch);
  });
  expect(policies).toEqual([policy]);
});

test('setInFlight is heard as soon as the batch is started', async () => {
  const held = new Held();
  const { activities } = fakeBatch({ items: 6, size: 1 }, { submitItems: onceLetGo(held) });
  await lifecycles.with(activities, async () => {
    const startWorkflowOperation = new WithStartWorkflowOperation(ASSET_BATCH, {
      ...common,
      workflowId: batchWorkflowId('at-once'),
      args: [{ batchId: 'at-once', items, inFlight: 6 }],
    });
    const update = { args: [2], startWorkflowOperation };
    expect(await lifecycles.env.client.workflow.executeUpdateWithStart('setInFlight', update)).toBe(2);
    await until(() => held.waiting === 2);
    const batch = handleOf(batchWorkflowId('at-once'));
    expect(await statusOf(batch)).toMatchObject({ inFlight: 2, groups: 2 });
    held.letGo();
    expect((await resultOf(batch)).counts.by).toEqual({ completed: 6 });
  });
});

test('at most so many items are under way as inFlight says, and setInFlight changes it', async () => {
  const held = new Held();
  const { activities } = fakeBatch({ items: 10, size: 2 }, { submitItems: onceLetGo(held) });
  await lifecycles.with(activities, async () => {
    const batch = await start('window', { inFlight: 4 });
    await until(openGroups(batch, 2));
    await until(() => held.waiting === 2);
    expect((await statusOf(batch)).counts.by).toEqual({ creating: 4, pending: 6 });
    await batch.executeUpdate('setInFlight', { args: [8] });
    await until(openGroups(batch, 4));
    for (const wrong of [0, 1.5, 1e9, 'many']) {
      await expect(batch.executeUpdate('setInFlight', { args: [wrong] })).rejects.toMatchObject({
        cause: { message: /^inFlight: must be a whole number/ },
      });
    }
    held.letGo();
    expect((await resultOf(batch)).counts.by).toEqual({ completed: 10 });
  });
});

test('a pause lets open groups end and starts none, until it is resumed', async () => {
  const held = new Held();
  const { activities } = fakeBatch({ items: 6, size: 2 }, { submitItems: onceLetGo(held) });
  await lifecycles.with(activities, async () => {
    const batch = await start('pausing', { inFlight: 2 });
    await until(() => held.waiting === 1);
    await batch.signal('pause');
    held.letGo();
    await until(openGroups(batch, 0));
    expect(await statusOf(batch)).toMatchObject({ phase: 'paused', counts: { by: { completed: 2, pending: 4 } } });
    await batch.signal('resume');
    expect((await resultOf(batch)).counts.by).toEqual({ completed: 6 });
  });
});

test('a second start joins the running batch', async () => {
  const held = new Held();
  const { activities } = fakeBatch({ items: 2, size: 2 }, { submitItems: onceLetGo(held) });
  await lifecycles.with(activities, async () => {
    const first = await start('joined');
    await until(() => held.waiting === 1);
    expect((await start('joined')).firstExecutionRunId).toBe(first.firstExecutionRunId);
    held.letGo();
    expect((await resultOf(first)).counts.by).toEqual({ completed: 2 });
  });
});

test('a stop while the items are listed ends the listing', async () => {
  const held = new Held();
  const { activities, calls } = fakeBatch(
    { items: 2, size: 2 },
    {
      listItems: async () => {
        await held.wait();
        throw new Error('it was to be stopped');
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const batch = await start('listing');
    await until(() => held.waiting === 1);
    await batch.signal('cancel', { reason: 'the wrong folder' });
    expect(await resultOf(batch)).toMatchObject({ outcome: 'cancelled', reason: 'the wrong folder' });
    expect(calls).toEqual(['listItems', 'findEarlierGroups 0']);
  });
});

test('lists find a batch and its groups by AssetBatch, and details say in words how far it is', async () => {
  const held = new Held();
  const { activities } = fakeBatch(
    { items: 4, size: 2 },
    {
      submitItems: async (input) => {
        if (input.from === 0) return newsOfAll(input, 'failed');
        await held.wait();
        return newsOfAll(input, 'completed');
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const batch = await start('told');
    await until(async () => (await statusOf(batch)).failures.length > 0);
    const details = (await batch.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;
    for (const words of ['**running**', '2 failed', '2 creating', 'items a second', '`1`: ProviderRejected']) {
      expect(details).toContain(words);
    }
    const group = handleOf(groupWorkflowId('told', 2));
    const ofGroup = (await group.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;
    expect(ofGroup).toContain('**items 2 to 3** of the batch `told`');
    held.letGo();
    await resultOf(batch);
    const listed = async (): Promise<string[]> => {
      const ids: string[] = [];
      const query = `${SEARCH_ATTRIBUTES.batch.name} = 'told'`;
      for await (const { workflowId } of lifecycles.env.client.workflow.list({ query })) ids.push(workflowId);
      return ids.toSorted();
    };
    await until(async () => (await listed()).length === 3);
    expect(await listed()).toEqual([batchWorkflowId('told'), groupWorkflowId('told', 0), groupWorkflowId('told', 2)]);
    const { typedSearchAttributes } = await batch.describe();
    expect(typedSearchAttributes.get(SEARCH_ATTRIBUTES.outcome)).toBe('failed');
  });
});

test('a group that gives up on all of its items says why, and the others go on', async () => {
  const message = 'results: file:///elsewhere on host-2: is another store';
  const { activities } = fakeBatch(
    { items: 4, size: 2 },
    {
      submitItems: async (input) => {
        if (input.from === 2) throw failure('InvalidRequest', message);
        return newsOfAll(input, 'completed');
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const batch = await start('one-elsewhere');
    expect(await resultOf(batch)).toMatchObject({
      ...{ outcome: 'failed', counts: { items: 4, by: { completed: 2, pending: 2 } } },
      error: { type: 'InvalidRequest', message: `items 2 to 3: ${message}` },
    });
  });
});
