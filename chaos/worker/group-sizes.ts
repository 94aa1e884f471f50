import type {
  ActivityInterceptorsFactory,
  ActivityExecuteInput,
  Next,
  ActivityInboundCallsInterceptor,
} from '@temporalio/worker';
import type { BatchActivities, PlannedGroups } from '../../src/contracts/batch/batch-status';
import { addCounts, NO_COUNTS } from '../../src/contracts/batch/item-outcome';

type PlanInput = Parameters<BatchActivities['planGroups']>[0];

/** More are planned in the next call. */
const PLANNED_AT_ONCE = 5;

/** An id of a batch that says how many items its groups have in the explorer's worker. */
export const batchIdWithSize = (name: string, groupSize: number): string => `${name}.by-${groupSize}`;

const sizeIn = (batchId: string): number | undefined => {
  const [, size] = /\.by-(\d+)$/.exec(batchId) ?? [];
  return size === undefined ? undefined : Number(size);
};

/** Cuts batches into smaller groups than the product does, so that few items make many groups: it plans so few at a time. */
export const groupSizes: ActivityInterceptorsFactory = ({ info }) => ({
  inbound: {
    async execute(input, next) {
      if (info.activityType !== 'planGroups') return next(input);
      const [plan] = input.args as [PlanInput];
      const size = sizeIn(plan.batchId);
      return size === undefined ? next(input) : planned(plan, size, input, next);
    },
  },
});

async function planned(
  { from, end, ...ref }: PlanInput,
  size: number,
  input: ActivityExecuteInput,
  next: Next<ActivityInboundCallsInterceptor, 'execute'>,
): Promise<PlannedGroups> {
  const all: PlannedGroups = { groups: [], next: from, completed: NO_COUNTS };
  while (all.next < end && all.groups.length < PLANNED_AT_ONCE) {
    const some = { ...ref, from: all.next, end: Math.min(end, all.next + size) };
    const part = (await next({ ...input, args: [some] })) as PlannedGroups;
    all.groups.push(...part.groups);
    all.next = part.next;
    all.completed = addCounts(all.completed, part.completed);
  }
  return all;
}
