import { Context } from '@temporalio/activity';
import type { Activities } from '../../../src/contracts/activities';
import type { BatchDeletionActivities } from '../../../src/contracts/batch/batch-deletion';
import type { BatchActivities } from '../../../src/contracts/batch/batch-status';
import {
  GROUP_STEPS,
  type GroupActivities,
  type GroupNews,
  type GroupStep,
  type GroupStepInput,
} from '../../../src/contracts/batch/groups';
import {
  addCounts,
  countsOf,
  NO_COUNTS,
  type BatchCounts,
  type ItemOutcome,
  type ItemRange,
} from '../../../src/contracts/batch/item-outcome';
import { fakeActivities } from '../fake-activities';

export type FakeBatchActivities = Activities & BatchActivities & GroupActivities & BatchDeletionActivities;

interface Fake {
  activities: FakeBatchActivities;
  /** Names of what was called, with the first item of its range. */
  calls: string[];
}

/** Where items stand, all of them in one phase or outcome. */
export function newsOfAll({ from, end }: { from: number; end: number }, where: string, due?: GroupStep): GroupNews {
  const items = Array.from({ length: end - from }, (_, nth) => from + nth);
  const outcomes = items.map((item): ItemOutcome => ({
    item,
    key: String(item),
    phase: where as ItemOutcome['phase'],
  }));
  const none = Object.fromEntries(GROUP_STEPS.map((step) => [step, 0])) as Record<GroupStep, number>;
  const failures = where === 'failed' ? items.slice(-1).map((item) => failureOf(item)) : [];
  return { counts: countsOf(outcomes, { from, end }), due: due ? { ...none, [due]: end - from } : none, failures };
}

const failureOf = (item: number) => ({
  item,
  key: String(item),
  error: { type: 'ProviderRejected' as const, message: 'not this one' },
});

/** A batch of `items` items in groups of `size`, of which nothing is stored: each group completes in its submission. */
export function fakeBatch(
  { items, size }: { items: number; size: number },
  overrides: Partial<FakeBatchActivities> = {},
): Fake {
  const calls: string[] = [];
  const seen = new Map<number, BatchCounts>(); // by looks at groups, by their first item
  const completes = async (input: GroupStepInput): Promise<GroupNews> => newsOfAll(input, 'completed');
  const cut = ({ from, end }: ItemRange): ItemRange[] => {
    const groups = [];
    for (let first = from; first < end && groups.length < 20; first += size) {
      groups.push({ from: first, end: Math.min(end, first + size) });
    }
    return groups;
  };
  const standard: BatchActivities & GroupActivities & BatchDeletionActivities = {
    openToDelete: async ({ batchId, provider }) => {
      const ref = { batchId, provider, storeId: 'store-1', start: 'the last start' };
      return { ...ref, items, refused: 0, bytes: 0, uri: `file:///results/${batchId}` };
    },
    groupsToDelete: async ({ from }) => {
      const groups = cut({ from, end: items });
      const next = groups.at(-1)?.end ?? items;
      return { groups, ...(next < items && { next }) };
    },
    listItems: async ({ batch: { batchId, provider }, start }) => {
      const ref = { batchId, provider, storeId: 'store-1', start };
      return { ...ref, items, refused: 0, bytes: 0, uri: `file:///results/${batchId}` };
    },
    findExisting: async () => null,
    planGroups: async ({ from, end }) => {
      const groups = cut({ from, end });
      return { groups, next: groups.at(-1)?.end ?? end, completed: { items: 0, by: {}, bytes: 0 } };
    },
    noteFailure: async () => {},
    notePause: async () => {},
    findEarlierGroups: async () => [],
    lookAtGroups: async ({ groups }) =>
      groups.map((group) => ({ ...group, open: true, ...newsOfAll(group, 'processing') })),
    takeOverOutcomes: async () => {},
    closeBatch: async ({ untold = [] }) =>
      untold.length === 0 ? undefined : untold.map(({ from }) => seen.get(from) ?? NO_COUNTS).reduce(addCounts),
    submitItems: completes,
    settleItems: completes,
    branchItems: completes,
    collectItems: completes,
    releaseItems: completes,
    cleanItems: completes,
    stopItems: async (input) => newsOfAll(input, input.outcome),
  };
  const given = { ...fakeActivities().activities, ...standard, ...overrides };
  const activities: FakeBatchActivities = {
    ...given,
    lookAtGroups: async (input) => {
      const looks = await given.lookAtGroups(input);
      for (const { from, counts } of looks) seen.set(from, counts);
      return looks;
    },
  };
  const noted = Object.entries(activities).map(([name, activity]) => [
    name,
    (input: { from?: number }) => {
      calls.push(input.from === undefined ? name : `${name} ${input.from}`);
      return (activity as (input: unknown) => unknown)(input);
    },
  ]);
  return { activities: Object.fromEntries(noted) as FakeBatchActivities, calls };
}

/** Holds until it is let go of, and hears a cancellation as a wait does. */
export class Held {
  private readonly letters: (() => void)[] = [];
  private isOpen = false;
  /** Those who wait. */
  waiting = 0;

  async wait(): Promise<void> {
    const { cancellationSignal } = Context.current();
    const beats = setInterval(() => Context.current().heartbeat(), 50);
    this.waiting += 1;
    try {
      if (this.isOpen) return;
      await new Promise<void>((resolve, reject) => {
        this.letters.push(resolve);
        cancellationSignal.addEventListener('abort', () => reject(cancellationSignal.reason as Error));
      });
    } finally {
      clearInterval(beats);
    }
  }

  /** @param first only so many of those who wait. */
  letGo(first = Number.POSITIVE_INFINITY): void {
    if (first === Number.POSITIVE_INFINITY) this.isOpen = true;
    for (const letter of this.letters.splice(0, first)) letter();
  }
}
