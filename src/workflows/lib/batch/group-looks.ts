import { CancellationScope, condition, sleep } from '@temporalio/workflow';
import type { BatchActivities } from '../../../contracts/batch/batch-status';
import type { GroupEnd } from '../../../contracts/batch/groups';
import type { ItemRange } from '../../../contracts/batch/item-outcome';
import { endsLifecycle } from '../step-failures';
import type { OpenGroup } from './batch-progress';
import { OVERDUE_MS } from './overdue';

/** The first look at a group that was taken up: one that had told its end before has closed by then. */
const FIRST_LOOK_MS = 5000;
/** Each further look comes so many times later. */
const LATER_BY = 3;

type GroupLook = Awaited<ReturnType<BatchActivities['lookAtGroups']>>[number];

interface Looking {
  open: ReadonlyMap<number, OpenGroup>;
  /** False while the group's start is under way: it may not be there yet. */
  isConfirmed: (from: number) => boolean;
  look: (groups: readonly ItemRange[]) => Promise<GroupLook[]>;
  hear: (end: GroupEnd, how: HowHeard) => void;
}

/** What a batch hears of a group: that it has ended or how far it is, from the group itself or seen in the store. */
export interface HowHeard {
  hasEnded: boolean;
  isSeen?: boolean;
}

/** Looks at open groups whose end nobody tells: they were ended from outside, or told it before they were taken up. */
export class GroupLooks {
  private hasNew: boolean;

  constructor(private readonly batch: Looking) {
    this.hasNew = [...batch.open.values()].some(({ adopted }) => adopted);
    void CancellationScope.nonCancellable(() => this.lookAtOverdueForEver());
    void CancellationScope.nonCancellable(() => this.lookAtTakenUpForEver());
  }

  /** A group of an earlier start was taken up. */
  noteTakenUp(): void {
    this.hasNew = true;
  }

  private async lookAtOverdueForEver(): Promise<void> {
    for (;;) {
      await sleep(OVERDUE_MS);
      await this.lookAt(({ heardAt }) => heardAt <= Date.now() - OVERDUE_MS);
    }
  }

  /** Ever more seldom, until they are overdue; soon again once others are taken up. */
  private async lookAtTakenUpForEver(): Promise<void> {
    let afterMs = OVERDUE_MS;
    for (;;) {
      if (afterMs >= OVERDUE_MS) await condition(() => this.hasNew);
      if (this.hasNew) afterMs = FIRST_LOOK_MS;
      this.hasNew = false;
      const isSooner = await condition(() => this.hasNew && afterMs > FIRST_LOOK_MS, afterMs);
      if (isSooner) continue;
      await this.lookAt(({ adopted }) => adopted === true);
      afterMs *= LATER_BY;
    }
  }

  private async lookAt(which: (group: OpenGroup) => boolean): Promise<void> {
    const groups = [...this.batch.open.values()].filter((group) => this.batch.isConfirmed(group.from) && which(group));
    if (groups.length === 0) return;
    const looks = await this.batch.look(groups.map(({ from, end }) => ({ from, end }))).catch((error: unknown) => {
      if (!endsLifecycle(error)) throw error;
      return []; // they are looked at again
    });
    for (const { open, ...end } of looks) {
      const group = this.batch.open.get(end.from);
      if (groups.some((one) => one === group)) this.batch.hear(end, { hasEnded: !open, isSeen: true }); // else it runs again by now
    }
  }
}

/**
 * Groups of earlier starts that a stop has reached before its batch had a list. Without one they have no counts: all that is
 * looked at is whether they still run.
 */
export class UnlistedGroups {
  private readonly firstItems = new Set<number>();

  constructor(private readonly findRunning: () => Promise<ItemRange[]>) {}

  add({ from }: ItemRange): void {
    this.firstItems.add(from);
  }

  noteEnd({ from }: ItemRange): void {
    this.firstItems.delete(from);
  }

  /** Waits until all have told their end or closed. @param isOver ends the wait before */
  async untilEnded(isOver: () => boolean): Promise<void> {
    const hasEnded = (): boolean => this.firstItems.size === 0 || isOver();
    for (let afterMs = FIRST_LOOK_MS; !hasEnded(); afterMs = Math.min(afterMs * LATER_BY, OVERDUE_MS)) {
      if (await CancellationScope.nonCancellable(() => condition(hasEnded, afterMs))) return;
      const running = new Set((await this.findRunning()).map(({ from }) => from));
      for (const from of this.firstItems) if (!running.has(from)) this.firstItems.delete(from);
    }
  }
}
