import { CancellationScope, setHandler } from '@temporalio/workflow';
import type { ItemRange, ItemStop } from '../../../contracts/batch/item-outcome';
import { readItemStop } from '../../../contracts/messages';
import { cancelItemSignal, forceDeleteItemSignal } from '../batch/messages';
import { endsLifecycle } from '../step-failures';

/** Items that end in the same way. */
export type ItemsToStop = ItemStop & { items: number[] };

/** Hears that single items are to end while the others of their group go on. */
export class ItemStops {
  private readonly asked = new Map<number, ItemStop>();
  private step: CancellationScope | undefined;
  private wait: CancellationScope | undefined;
  private isLeft = false;

  constructor(private readonly group: ItemRange) {
    setHandler(cancelItemSignal, (payload) => this.hear(payload, 'cancelled'), {
      description: 'Stops one item, cleans up after it.',
    });
    setHandler(forceDeleteItemSignal, (payload) => this.hear(payload, 'deleted'), {
      description: 'Stops one item and removes what it has made, by force.',
    });
  }

  /** What all of them have made is to be removed. */
  deleteAll(reason: string | undefined): void {
    const { from, end } = this.group;
    for (let item = from; item < end; item++) this.ask(item, { outcome: 'deleted', policy: 'force-delete', reason });
  }

  /** True while one is to end that has not been told of by `next`. */
  get isAsked(): boolean {
    return this.asked.size > 0;
  }

  /** Those that were asked for since, as many as end in the same way. */
  next(): ItemsToStop | undefined {
    const [first] = this.asked.values();
    if (!first) return undefined;
    const items = [...this.asked].filter(([, how]) => isSame(how, first)).map(([item]) => item);
    for (const item of items) this.asked.delete(item);
    return { items, ...first };
  }

  /**
   * Runs a step that is left when an item is to end; `undefined` if it was.
   * @param waits the step may be left for nothing.
   */
  async unlessAsked<T>(step: () => Promise<T>, { waits }: { waits: boolean }): Promise<T | undefined> {
    this.isLeft = false;
    try {
      return await CancellationScope.cancellable(() => {
        this.step = CancellationScope.current();
        this.wait = waits ? this.step : undefined;
        return step();
      });
    } catch (error) {
      const isLeft = (this.isAsked || this.isLeft) && !CancellationScope.current().consideredCancelled;
      if (!endsLifecycle(error) || !isLeft) throw error; // a step that was left ends also by its timeout
      return undefined;
    } finally {
      this.step = undefined;
      this.wait = undefined;
    }
  }

  /** Leaves the step that runs, if it only waits. */
  leaveWait(): void {
    if (!this.wait) return;
    this.isLeft = true;
    this.wait.cancel();
  }

  /** The first request counts, except that a force-delete may still follow a cancel. */
  private hear(payload: unknown, outcome: ItemStop['outcome']): void {
    const { item, reason, cleanup } = readItemStop(payload);
    const { from, end } = this.group;
    if (item === undefined || item < from || item >= end) return;
    if (this.asked.has(item) && outcome === 'cancelled') return;
    this.ask(item, { outcome, policy: outcome === 'deleted' ? 'force-delete' : cleanup, reason });
  }

  private ask(item: number, how: ItemStop): void {
    this.asked.set(item, how);
    this.step?.cancel();
  }
}

const isSame = (one: ItemStop, other: ItemStop): boolean =>
  one.outcome === other.outcome && one.policy === other.policy && one.reason === other.reason;
