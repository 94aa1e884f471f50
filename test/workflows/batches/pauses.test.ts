import type { GroupNews, GroupStepInput } from '../../../src/contracts/batch/groups';
import { batchWorkflowId, GROUP_PROGRESS_SIGNAL } from '../../../src/contracts/ids';
import { fakeBatch, Held, newsOfAll, type FakeBatchActivities } from '../../support/batches/fake-batch';
import { openGroups, resultOf, startBatch as startBatchOf, statusOf } from '../../support/batches/started-batches';
import { LifecycleEnvironment } from '../../support/system/lifecycle-environment';
import { until } from '../../support/until';

jest.setTimeout(60_000);
/** Events, so that a batch that was told many things goes on in a new run. */
const LONG_HISTORY = 150;
let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create('dev', LONG_HISTORY);
}, 120_000);
afterAll(() => lifecycles.close());

const startBatch = (batchId: string, more: object = {}) => startBatchOf(lifecycles.env.client, batchId, more);

const half = (input: GroupStepInput, where: string, due: Partial<GroupNews['due']>): GroupNews => ({
  ...newsOfAll(input, where),
  counts: { items: 2, by: { [where]: 1, pending: 1 }, bytes: 1 },
  due: { ...newsOfAll(input, where).due, ...due },
});

/** Two groups of two items, of which a pause holds back one each; whether the batch is paused is noted as in the store. */
function heldBack(overrides: Partial<FakeBatchActivities> = {}) {
  const store = { paused: false };
  const told = (): Partial<GroupNews> => (store.paused ? { batchIsPaused: true, begun: 0 } : {});
  const submitted = new Held();
  const fake = fakeBatch(
    { items: 4, size: 2 },
    {
      notePause: async ({ paused }) => void (store.paused = paused),
      submitItems: async (input) => {
        await submitted.wait();
        if (!store.paused) return newsOfAll(input, 'completed');
        return { ...half(input, 'processing', { submit: 1, settle: 1 }), ...told() };
      },
      settleItems: async (input) => ({ ...half(input, 'completed', { submit: 1 }), ...told() }),
      ...overrides,
    },
  );
  return { ...fake, store, submitted };
}

test('a pause holds back what open groups have not begun; the groups end, and run again once the batch goes on', async () => {
  const { activities, calls, store, submitted } = heldBack();
  await lifecycles.with(activities, async () => {
    const batch = await startBatch('held-back');
    await until(() => submitted.waiting === 2);
    await batch.signal('pause');
    await until(() => store.paused);
    submitted.letGo();
    await until(openGroups(batch, 0));
    expect(await statusOf(batch)).toMatchObject({
      phase: 'paused',
      counts: { items: 4, by: { completed: 2, pending: 2 }, bytes: 2 },
    });
    expect(calls.filter((call) => call.startsWith('submitItems'))).toHaveLength(2);
    await batch.signal('resume');
    expect(await resultOf(batch)).toMatchObject({ outcome: 'completed', counts: { items: 4, by: { completed: 4 } } });
    expect(calls.filter((call) => call.startsWith('submitItems'))).toHaveLength(4);
  });
});

test('a stop in a pause counts what was held back as the store tells of it', async () => {
  const closed: unknown[] = [];
  const { activities, store, submitted } = heldBack({
    closeBatch: async ({ rest, stopped }) => {
      closed.push({ rest, stopped });
      return { items: 2, by: { completed: 2 }, bytes: 2 };
    },
  });
  await lifecycles.with(activities, async () => {
    const batch = await startBatch('stopped-in-a-pause');
    await until(() => submitted.waiting === 2);
    await batch.signal('pause');
    await until(() => store.paused);
    submitted.letGo();
    await until(openGroups(batch, 0));
    await batch.signal('cancel');
    const { counts, outcome } = await resultOf(batch);
    expect([outcome, counts.by]).toEqual(['cancelled', { completed: 2, pending: 2 }]);
  });
  const rest = expect.arrayContaining([
    { from: 0, end: 2 },
    { from: 2, end: 4 },
  ]);
  expect(closed).toEqual([{ rest, stopped: 'cancelled' }]);
});

test('a group that waits takes up what was held back as soon as the batch goes on', async () => {
  const settled = new Held();
  const { activities, calls, store, submitted } = heldBack({
    settleItems: async (input) => {
      await settled.wait(); // until it is left
      return newsOfAll(input, 'failed');
    },
  });
  await lifecycles.with(activities, async () => {
    const batch = await startBatch('goes-on');
    await until(() => submitted.waiting === 2);
    await batch.signal('pause');
    await until(() => store.paused);
    submitted.letGo();
    await until(() => settled.waiting === 2);
    await batch.signal('resume');
    expect((await resultOf(batch)).counts.by).toEqual({ completed: 4 });
    expect(calls.filter((call) => call.startsWith('submitItems'))).toHaveLength(4);
  });
});

test('items of open groups that have ended make room for others, once their group tells of them', async () => {
  const held = new Held();
  const { activities } = fakeBatch(
    { items: 6, size: 2 },
    {
      submitItems: async (input) => {
        await held.wait();
        return newsOfAll(input, 'completed');
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const batch = await startBatch('stragglers', { inFlight: 4 });
    await until(() => held.waiting === 2);
    for (const from of [0, 2]) {
      const counts = { items: 2, by: { completed: 1, processing: 1 }, bytes: 0 };
      await batch.signal(GROUP_PROGRESS_SIGNAL, { from, end: from + 2, counts, failures: [] });
    }
    await until(() => held.waiting === 3);
    held.letGo();
    expect((await resultOf(batch)).counts.by).toEqual({ completed: 6 });
  });
});

test('a batch of which no group starts or ends goes on in a new run as well, however much it is told', async () => {
  const { activities, submitted } = heldBack();
  await lifecycles.with(activities, async () => {
    const { firstExecutionRunId } = await startBatch('told-a-lot');
    const batch = lifecycles.env.client.workflow.getHandle(batchWorkflowId('told-a-lot'));
    await until(() => submitted.waiting === 2);
    const nextRun = async (): Promise<boolean> => (await batch.describe()).runId !== firstExecutionRunId;
    for (let told = 0; told < LONG_HISTORY && !(await nextRun()); told++) {
      await batch.signal('resume');
      await statusOf(batch); // so that each is a workflow task of its own
    }
    expect(await nextRun()).toBe(true);
    submitted.letGo();
    expect((await resultOf(batch)).counts.by).toEqual({ completed: 4 });
  });
});
