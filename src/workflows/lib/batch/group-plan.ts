import type { PlannedGroups } from '../../../contracts/batch/batch-status';
import type { ItemRange } from '../../../contracts/batch/item-outcome';

type PlannedGroup = PlannedGroups['groups'][number];

/** What a run hands on to the next. */
export interface CarriedPlan {
  /** The first item that was not cut into a group. */
  next: number;
  planned: PlannedGroup[];
}

/** The items of a batch of which no group was started or taken up. */
export class GroupPlan {
  private next: number;
  private planned: PlannedGroup[];

  constructor({ next, planned }: CarriedPlan = { next: 0, planned: [] }) {
    this.next = next;
    this.planned = planned;
  }

  get carried(): CarriedPlan {
    return { next: this.next, planned: this.planned };
  }

  /** The group that comes next; `undefined` if none is cut. */
  get first(): PlannedGroup | undefined {
    return this.planned[0];
  }

  get itemsOfFirst(): number {
    const { from, end } = this.first ?? { from: 0, end: 0 };
    return end - from;
  }

  /** The first item of which no group was started. */
  get from(): number {
    return this.first?.from ?? this.next;
  }

  /** The items that are in no group yet. @param items how many the batch has */
  uncut(items: number): ItemRange | undefined {
    return this.next < items ? { from: this.next, end: items } : undefined;
  }

  /** All items of which no group was started or taken up. */
  rest(items: number): ItemRange[] {
    const planned = this.planned.map(({ from, end }) => ({ from, end }));
    const uncut = this.uncut(items);
    return uncut ? [...planned, uncut] : planned;
  }

  add({ groups, next }: Pick<PlannedGroups, 'groups' | 'next'>): void {
    this.planned.push(...groups);
    this.next = next;
  }

  takeFirst(): PlannedGroup | undefined {
    return this.planned.shift();
  }

  /** The group is to run again, before all others. */
  putFirst(group: PlannedGroup): void {
    this.planned.unshift(group);
  }

  /** Takes out items of which a group runs already; nothing is cut any more. */
  takeOut(range: ItemRange, items: number): void {
    this.planned = this.rest(items).flatMap((one) => without(one, range));
    this.next = items;
  }
}

/** What of a range is not in another. */
function without({ from, end }: ItemRange, other: ItemRange): ItemRange[] {
  const before = { from, end: Math.min(end, other.from) };
  const behind = { from: Math.max(from, other.end), end };
  return [before, behind].filter((one) => one.from < one.end);
}
