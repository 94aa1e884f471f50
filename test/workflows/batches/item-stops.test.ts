import { Context } from '@temporalio/activity';
import type {
  GroupEnd,
  GroupInput,
  GroupNews,
  GroupStepInput,
  StopItemsInput,
} from '../../../src/contracts/batch/groups';
import { countsOf, type ItemOutcome } from '../../../src/contracts/batch/item-outcome';
import { ASSET_GROUP, batchWorkflowId, groupWorkflowId, WORKFLOW_TASK_QUEUE } from '../../../src/contracts/ids';
import { fakeBatch, Held, newsOfAll } from '../../support/batches/fake-batch';
import { LifecycleEnvironment } from '../../support/system/lifecycle-environment';
import { until } from '../../support/until';

jest.setTimeout(60_000);
let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create('dev');
}, 120_000);
afterAll(() => lifecycles.close());

const ITEMS = 3;

const startGroup = (batchId: string) => {
  const ref = { batchId, provider: 'twelvelabs', storeId: 's', start: 'a start' };
  const input = { ...ref, from: 0, end: ITEMS, batchWorkflowId: batchWorkflowId(batchId), stopsAtFailure: false };
  return lifecycles.env.client.workflow.start(ASSET_GROUP, {
    taskQueue: WORKFLOW_TASK_QUEUE,
    workflowId: groupWorkflowId(batchId, 0),
    args: [input satisfies GroupInput],
  });
};

/** Items that wait until they are let go of, except for those that a stop has ended. */
class WaitingItems {
  readonly stops: Partial<StopItemsInput>[] = [];
  readonly held = new Held();
  /** Waits that were left before they had ended. */
  left = 0;
  private readonly ended = new Map<number, ItemOutcome['outcome']>();

  readonly activities = fakeBatch(
    { items: ITEMS, size: ITEMS },
    {
      submitItems: async (input) => newsOfAll(input, 'processing', 'settle'),
      settleItems: async (input) => {
        try {
          await Promise.race([this.held.wait(), Context.current().cancelled]);
        } catch (error) {
          this.left += 1;
          throw error;
        }
        return this.news(input, 'completed');
      },
      stopItems: async (input) => {
        const { items, outcome, policy, reason } = input;
        this.stops.push({ items, outcome, policy, reason });
        for (const item of items ?? [0, 1, 2].filter((one) => !this.ended.has(one))) this.ended.set(item, outcome);
        return this.news(input);
      },
    },
  ).activities;

  private news(input: GroupStepInput, others?: 'completed'): GroupNews {
    const outcomes = Array.from({ length: ITEMS }, (_, item): ItemOutcome => {
      const outcome = this.ended.get(item) ?? others;
      return { item, key: String(item), phase: outcome ?? 'processing', outcome };
    });
    const due = newsOfAll(input, 'processing', 'settle').due;
    const waiting = outcomes.filter(({ outcome }) => outcome === undefined).length;
    return { counts: countsOf(outcomes, input), due: { ...due, settle: waiting }, failures: [] };
  }
}

test('an item is stopped by itself: the wait is left for it, and the others go on', async () => {
  const items = new WaitingItems();
  await lifecycles.with(items.activities, async () => {
    const group = await startGroup('one-of-three');
    await until(() => items.held.waiting === 1);
    await group.signal('cancelItem', { item: 1, reason: 'not this one', cleanup: 'keep' });
    await until(() => items.held.waiting === 2);
    expect(items.stops).toEqual([{ items: [1], outcome: 'cancelled', policy: 'keep', reason: 'not this one' }]);
    expect(items.left).toBe(1);
    items.held.letGo();
    const { counts } = (await group.result()) as GroupEnd;
    expect(counts.by).toEqual({ completed: 2, cancelled: 1 });
  });
});

test('those that end in the same way end together, and a stop of the group ends them as was asked for each', async () => {
  const items = new WaitingItems();
  await lifecycles.with(items.activities, async () => {
    const group = await startGroup('several');
    await until(() => items.held.waiting === 1);
    for (const stop of [{ item: 99 }, { item: 'x' }, 'no payload']) await group.signal('cancelItem', stop);
    await group.signal('cancelItem', { item: 0 });
    await group.signal('forceDeleteItem', { item: 2 });
    await group.signal('cancel');
    const { counts } = (await group.result()) as GroupEnd;
    expect(counts.by).toEqual({ cancelled: 2, deleted: 1 });
    expect(items.stops).toContainEqual(expect.objectContaining({ items: [2], policy: 'force-delete' }));
  });
});

test('a stop that comes as the last step ends is heard before the group closes', async () => {
  const stops: (readonly number[] | undefined)[] = [];
  const held = new Held();
  const { activities } = fakeBatch(
    { items: ITEMS, size: ITEMS },
    {
      submitItems: async (input) => newsOfAll(input, 'processing', 'settle'),
      settleItems: async (input) => {
        await held.wait().catch(() => {}); // all had ended as the stop was heard
        return newsOfAll(input, 'completed');
      },
      stopItems: async (input) => {
        stops.push(input.items);
        return newsOfAll(input, 'deleted');
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const group = await startGroup('at-the-end');
    await until(() => held.waiting === 1);
    await group.signal('forceDeleteItem', { item: 2 });
    expect(((await group.result()) as GroupEnd).counts.by).toEqual({ deleted: 3 });
    expect(stops).toEqual([[2]]);
  });
});
