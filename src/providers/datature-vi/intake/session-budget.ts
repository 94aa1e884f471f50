import type { Turn } from '../../intake';
import { sleep } from '../../shared/sleep';

export interface SessionLimit {
  sessions: number;
  windowMs: number;
}

/** Longer than an even space, since clocks and requests differ a little. */
const MARGIN = 1 + 1 / 60;

/**
 * Spaces the sessions of an account evenly, so that no window has more than the limit, and nobody waits longer than
 * one space for a session, whatever went out before. Times are epoch milliseconds.
 */
export class SessionBudget {
  private readonly spaceMs: number;
  private freeAt = 0;

  constructor({ sessions, windowMs }: SessionLimit) {
    this.spaceMs = (windowMs / sessions) * MARGIN;
  }

  takeTurn(now = Date.now()): Turn | { waitMs: number } {
    if (now < this.freeAt) return { waitMs: this.freeAt - now };
    const before = this.freeAt;
    const mine = now + this.spaceMs;
    this.freeAt = mine;
    return {
      giveBack: () => {
        if (this.freeAt === mine) this.freeAt = before;
      },
    };
  }

  /** Waits for a turn. @throws the signal's reason */
  async untilTurn(signal?: AbortSignal): Promise<Turn> {
    for (;;) {
      signal?.throwIfAborted();
      const turn = this.takeTurn();
      if (!('waitMs' in turn)) return turn;
      await sleep(turn.waitMs, signal);
    }
  }

  /** The provider refused a session: none is opened for so long. */
  limited(waitMs: number, now = Date.now()): void {
    this.freeAt = Math.max(this.freeAt, now + waitMs);
  }
}
