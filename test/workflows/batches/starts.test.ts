import type { WorkflowHandle } from '@temporalio/client';
import { ASSET_BATCH, ASSET_GROUP, GROUP_ENDED_SIGNAL, groupWorkflowId } from '../../../src/contracts/ids';
import { carriedOf } from '../../support/batches/carried-batch';
import {
  EARLIER_START,
  resultOf,
  startBatch as startBatchOf,
  startGroup as startGroupOf,
} from '../../support/batches/started-batches';
import { fakeBatch, Held, newsOfAll } from '../../support/batches/fake-batch';
import { WrittenHistory } from '../../support/batches/written-history';
import { LifecycleEnvironment } from '../../support/system/lifecycle-environment';
import { until } from '../../support/until';

jest.setTimeout(60_000);
let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create('dev');
}, 120_000);
afterAll(() => lifecycles.close());

const startBatch = (batchId: string, more: object = {}) => startBatchOf(lifecycles.env.client, batchId, more);
const startGroup = (batchId: string, from: number) => startGroupOf(lifecycles.env.client, batchId, from);

/** First items of the groups that a batch started, by the workflow task that it started them in. */
async function startsByTask(batch: WorkflowHandle): Promise<string[][]> {
  const { events } = await batch.fetchHistory();
  const tasks = new Map<string, string[]>();
  for (const { startChildWorkflowExecutionInitiatedEventAttributes: start } of events ?? []) {
    if (!start) continue;
    const task = String(start.workflowTaskCompletedEventId);
    tasks.set(task, [...(tasks.get(task) ?? []), start.workflowId?.split(':').at(-1) ?? '']);
  }
  return [...tasks.values()];
}

test('groups that there is room for start in one workflow task, and no more of them', async () => {
  const held = new Held();
  const { activities } = fakeBatch(
    { items: 12, size: 2 },
    {
      submitItems: async (input) => {
        await held.wait();
        return newsOfAll(input, 'completed');
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const batch = await startBatch('together', { inFlight: 7 });
    await until(() => held.waiting === 3);
    expect(await startsByTask(batch)).toEqual([['0', '2', '4']]);
    await batch.executeUpdate('setInFlight', { args: [10] });
    await until(() => held.waiting === 5);
    expect(await startsByTask(batch)).toEqual([
      ['0', '2', '4'],
      ['6', '8'],
    ]);
    held.letGo();
    expect((await resultOf(batch)).counts.by).toEqual({ completed: 12 });
  });
});

test('a group that has ended makes room for the next, while others go on', async () => {
  const held = new Held();
  const { activities, calls } = fakeBatch(
    { items: 6, size: 2 },
    {
      submitItems: async (input) => {
        if (input.from !== 0) await held.wait();
        return newsOfAll(input, 'completed');
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const batch = await startBatch('makes-room', { inFlight: 4 });
    await until(() => calls.includes('submitItems 4'));
    expect(held.waiting).toBe(2);
    held.letGo();
    expect((await resultOf(batch)).counts.by).toEqual({ completed: 6 });
  });
});

test('of groups that start together each that runs already is taken up', async () => {
  const held = new Held();
  const batchId = 'some-run';
  const taken: unknown[] = [];
  const { activities, calls } = fakeBatch(
    { items: 8, size: 2 },
    {
      submitItems: async (input) => {
        await held.wait();
        return newsOfAll(input, 'completed');
      },
      takeOverOutcomes: async ({ groups }) => void taken.push(...groups.map(({ from }) => from)),
    },
  );
  await lifecycles.with(activities, async () => {
    for (const from of [0, 4]) await startGroup(batchId, from);
    await until(() => held.waiting === 2);
    const batch = await startBatch(batchId);
    await until(() => held.waiting === 4);
    held.letGo();
    expect((await resultOf(batch)).counts.by).toEqual({ completed: 8 });
    expect(await startsByTask(batch)).toEqual([['0', '2', '4', '6']]);
  });
  expect(taken.toSorted()).toEqual([0, 4]);
  expect(calls.filter((call) => call.startsWith('submitItems')).toSorted()).toEqual([
    'submitItems 0',
    'submitItems 2',
    'submitItems 4',
    'submitItems 6',
  ]);
});

const PHASE = ['UPSERT_WORKFLOW_SEARCH_ATTRIBUTES', {}] as const;
const timer = (nth: number, startToFireTimeout: string) =>
  ['TIMER_STARTED', { timerId: String(nth), startToFireTimeout }] as const;
const activity = (nth: number, name: string) =>
  ['ACTIVITY_TASK_SCHEDULED', { activityId: String(nth), activityType: { name } }] as const;
const startOf = (batchId: string, from: number) =>
  [
    'START_CHILD_WORKFLOW_EXECUTION_INITIATED',
    { workflowId: groupWorkflowId(batchId, from), workflowType: { name: ASSET_GROUP } },
  ] as const;
const stopOf = (batchId: string, from: number) =>
  [
    'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED',
    { workflowExecution: { workflowId: groupWorkflowId(batchId, from) }, signalName: 'cancel' },
  ] as const;
const NEW_RUN = ['WORKFLOW_EXECUTION_CONTINUED_AS_NEW', { newExecutionRunId: 'next' }] as const;

const groupOf = (batchId: string, from: number, initiatedEventId: string | undefined) => ({
  initiatedEventId,
  workflowType: { name: ASSET_GROUP },
  workflowExecution: { workflowId: groupWorkflowId(batchId, from), runId: `run-${from}` },
});

/** A batch that goes on with planned groups of two items each, as its server tells of it. */
function written(batchId: string, groups: number) {
  const carried = carriedOf(batchId);
  const items = 2 * groups;
  const planned = Array.from({ length: groups }, (_, nth) => ({ from: 2 * nth, end: 2 * nth + 2 }));
  const listed = { ...carried.listed, items };
  const status = { ...carried.progress.status, inFlight: items };
  const progress = { ...carried.progress, listed, status };
  const input = { batchId, items: { type: 'folder', path: '/media' } };
  const history = new WrittenHistory(ASSET_BATCH, [input, { ...carried, listed, progress, planned, next: items }]);
  const started = (from: number, id: string | undefined): void =>
    void history.add('CHILD_WORKFLOW_EXECUTION_STARTED', groupOf(batchId, from, id));
  const runsAlready = (from: number, id: string | undefined): void =>
    void history.add('START_CHILD_WORKFLOW_EXECUTION_FAILED', {
      initiatedEventId: id,
      workflowType: { name: ASSET_GROUP },
      workflowId: groupWorkflowId(batchId, from),
      cause: 'START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS',
    });
  const told = (from: number, id: string | undefined): void =>
    void history.add('EXTERNAL_WORKFLOW_EXECUTION_SIGNALED', {
      ...{ initiatedEventId: id, workflowExecution: { workflowId: groupWorkflowId(batchId, from) } },
    });
  return { history, started, runsAlready, told };
}

test('a stop that comes while groups start reaches each once it runs, and a new run of the batch begins after that', async () => {
  const batchId = 'stopped-amid';
  const { history, started, runsAlready, told } = written(batchId, 3);
  const [, , first, second, third] = history.task([
    ...[PHASE, timer(1, '600s')],
    ...[startOf(batchId, 0), startOf(batchId, 2), startOf(batchId, 4)],
  ]);
  started(0, first);
  history.signal('cancel');
  const isLong = true;
  const [, toFirst] = history.task([PHASE, stopOf(batchId, 0)], { isLong });
  runsAlready(4, third);
  const [toThird] = history.task([stopOf(batchId, 4), timer(2, '5s')], { isLong });
  told(0, toFirst);
  told(4, toThird);
  history.task([], { isLong });
  started(2, second);
  const [toSecond] = history.task([stopOf(batchId, 2)], { isLong });
  told(2, toSecond);
  const [search] = history.task([activity(1, 'findEarlierGroups')], { isLong });
  history.activityEnds(search, []);
  history.task([NEW_RUN], { isLong });
  await lifecycles.replay(history.history());
});

test('a pause that comes while groups start is passed on before a new run of the batch begins', async () => {
  const batchId = 'paused-amid';
  const { history, started } = written(batchId, 2);
  const [, , first, second] = history.task([PHASE, timer(1, '600s'), startOf(batchId, 0), startOf(batchId, 2)]);
  started(0, first);
  history.signal('pause');
  const isLong = true;
  history.task([PHASE], { isLong });
  started(2, second);
  const [passedOn] = history.task([activity(1, 'notePause')], { isLong });
  history.activityEnds(passedOn, null);
  history.task([NEW_RUN], { isLong });
  await lifecycles.replay(history.history());
});

test('a stop that comes while outcomes are taken over is told before a new run of the batch begins', async () => {
  const batchId = 'stopped-late';
  const { history, started, runsAlready, told } = written(batchId, 2);
  const [, , first, second] = history.task([PHASE, timer(1, '600s'), startOf(batchId, 0), startOf(batchId, 2)]);
  runsAlready(0, first);
  started(2, second);
  const counts = { items: 2, by: { completed: 2 }, bytes: 2 };
  history.signal(GROUP_ENDED_SIGNAL, { from: 0, end: 2, start: EARLIER_START, counts, failures: [] });
  const isLong = true;
  const [, takeOver] = history.task([timer(2, '5s'), activity(1, 'takeOverOutcomes')], { isLong });
  history.signal('cancel');
  history.task([PHASE], { isLong });
  history.activityEnds(takeOver, null);
  const [toSecond] = history.task([stopOf(batchId, 2)], { isLong });
  told(2, toSecond);
  const [search] = history.task([activity(2, 'findEarlierGroups')], { isLong });
  history.activityEnds(search, []);
  history.task([NEW_RUN], { isLong });
  await lifecycles.replay(history.history());
});

test('a run starts no more groups than it may have, and the next goes on with the others', async () => {
  const batchId = 'most';
  const { history, started } = written(batchId, 503);
  const firsts = Array.from({ length: 500 }, (_, nth) => 2 * nth);
  const [, , ...starts] = history.task([PHASE, timer(1, '600s'), ...firsts.map((from) => startOf(batchId, from))]);
  for (const [nth, from] of firsts.entries()) started(from, starts[nth]);
  history.task([NEW_RUN]);
  await lifecycles.replay(history.history());
});
