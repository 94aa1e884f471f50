import { Context } from '@temporalio/activity';
import { heartbeatsCarry } from '../lib/activity-call';
import { runAsItem, type ItemCall } from '../lib/item-call';
import type { ActivityProgress } from '../dependencies';

interface KnownOfTurn {
  left?: unknown;
  isFirst: boolean;
  mayHaveSent: boolean;
  signal: AbortSignal;
}

/** What a first turn leaves that ended before anything was sent. */
const NOTHING_SENT = { attempt: 0 };

/** The turns of the items in this activity, and what they leave to its next attempt by its heartbeats. */
export class ItemCalls {
  private readonly attempt = Context.current().info.attempt;
  private readonly leftBefore: Readonly<Record<string, unknown>>;
  private readonly running = new Map<number, ItemCall>();
  /** Turns that have begun, and have not come to where their item is handed in. */
  private readonly toCome = new Set<number>();

  /** @param resume what an earlier activity left in its heartbeats, which ended without its end being heard. */
  constructor(resume?: unknown) {
    const { items } = (Context.current().info.heartbeatDetails ?? resume ?? {}) as { items?: Record<string, unknown> };
    this.leftBefore = items ?? {};
    heartbeatsCarry(() => this.gathered());
  }

  /**
   * Takes an item's turn.
   * @param left what an earlier activity left of the item.
   * @param isFirst no earlier attempt of this activity has taken it.
   * @param mayHaveSent an earlier activity may have sent something for it, though nothing is left that tells so.
   */
  async take<T>(item: number, known: KnownOfTurn, work: () => Promise<T>): Promise<T> {
    const call = this.callOf(item, known);
    this.running.set(item, call);
    this.toCome.add(item);
    try {
      return await runAsItem(call, work);
    } finally {
      this.toCome.delete(item);
    }
  }

  /** What the item's turn leaves to its next one. */
  leftOf(item: number): unknown {
    const call = this.running.get(item);
    return call?.details ?? (call?.attempt === 1 ? NOTHING_SENT : undefined);
  }

  /** The item needs no other turn. */
  end(item: number): void {
    this.running.delete(item);
  }

  private callOf(item: number, { left, isFirst, mayHaveSent, signal }: KnownOfTurn): ItemCall {
    const before = isFirst ? undefined : this.leftBefore[item];
    const others = { arrive: () => void this.toCome.delete(item), toCome: () => this.toCome.size };
    if (!isFirst && this.attempt > 1) return { attempt: this.attempt, left: before, signal, details: before, others };
    const known = before ?? left; // heartbeats come after what the store has
    const { attempt = mayHaveSent ? 1 : 0 } = (known ?? {}) as { attempt?: number };
    return { attempt: attempt + 1, left: known, signal, details: known, others };
  }

  private gathered(): { items: Record<string, unknown> } {
    const details = [...this.running].flatMap(([item, call]) =>
      call.details === undefined ? [] : [[item, call.details] as const],
    );
    return { items: { ...this.leftBefore, ...Object.fromEntries(details) } };
  }

  /** As an activity of its own would tell it: what must be durable goes out with the details of all items. */
  progress(whole: ActivityProgress): ActivityProgress {
    let sending: Promise<void> | undefined;
    let next: Promise<void> | undefined;
    return {
      makeDurable: () => {
        const send = (): Promise<void> => {
          next = undefined;
          sending = whole.makeDurable(this.gathered()).finally(() => (sending = undefined));
          return sending;
        };
        next ??= sending ? sending.catch(() => {}).then(send) : Promise.resolve().then(send);
        return next;
      },
      tell: async () => {}, // the group's status has no single upload
    };
  }
}
