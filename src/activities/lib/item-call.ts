import { AsyncLocalStorage } from 'node:async_hooks';

/** The turn of one item, in an activity whose step goes over many: to the step's code it looks like an activity of its own. */
export interface ItemCall {
  /** From 1. */
  readonly attempt: number;
  /** What the attempt before left. */
  readonly left: unknown;
  /** Aborts when the item is to stop. */
  readonly signal: AbortSignal;
  /** What this attempt leaves to the next one, so far. */
  details: unknown;
  readonly others: OtherItems;
}

/** The other items of a step that takes all of its items at once. */
export interface OtherItems {
  /** This one is about to be handed in: nobody waits for it any more. */
  readonly arrive: () => void;
  /** How many may still come to be handed in. */
  readonly toCome: () => number;
}

const calls = new AsyncLocalStorage<ItemCall>();

/** The item's turn in which this code runs; `undefined` in an activity of a single lifecycle. */
export const itemCall = (): ItemCall | undefined => calls.getStore();

export const runAsItem = <T>(call: ItemCall, work: () => Promise<T>): Promise<T> => calls.run(call, work);
