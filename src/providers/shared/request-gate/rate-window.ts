/** What an answer told of its rate limit. */
export interface ToldWindow {
  /** Requests that one window takes. */
  limit?: number;
  /** Requests that are left in this window. */
  remaining: number;
  /** Milliseconds to the end of this window. */
  resetInMs: number;
}

/** Until an answer has told the limit, no more than this go out at once: fewer than the smallest published limit. */
const LEARNING_IN_FLIGHT = 10;
/** Published limits are per minute; an answer tells better. */
const STANDARD_WINDOW_MS = 60_000;
/** Between two turns where the limit was never told. */
const DEFAULT_SPACING_MS = 500;
/** Two answers of one window may tell its end a little apart. */
const SAME_WINDOW_MS = 1500;
/**
 * Nothing is held back for longer than this, whatever was told: then a few requests go out and are told anew. A wrong
 * reset, or one of a day, thus never stops an account.
 */
const LONGEST_PAUSE_MS = 10 * 60_000;
/** A provider that was silent on its limit and then enforced one is not trusted to have none for this long. */
const WARY_MS = 10 * 60_000;

/** How many requests of one kind may still go out, by what the answers told. Times are epoch milliseconds. */
export class RateWindow {
  private inFlight = 0;
  /** Undefined until an answer has told it. */
  private left: number | undefined;
  private limit: number | undefined;
  private windowMs = STANDARD_WINDOW_MS;
  private endsAt = 0;
  private nextTurnAt = 0;
  /** Answers come without a word of a limit. */
  private silent = false;
  private limitedAt = Number.NEGATIVE_INFINITY;

  /** Counts a request that may go out now; false when it may not. */
  take(now: number): boolean {
    this.roll(now);
    const wary = now - this.limitedAt < WARY_MS;
    const free = this.left === undefined ? (this.silent && !wary) || this.inFlight < LEARNING_IN_FLIGHT : this.left > 0;
    if (!free) return false;
    this.inFlight += 1;
    if (this.left !== undefined) this.left -= 1;
    return true;
  }

  /** When the window ends that has nothing left; `now` where only an answer is waited for. */
  opensAt(now: number): number {
    return this.left === undefined ? now : Math.max(this.endsAt, now);
  }

  /** Gives out one turn after the other, as far apart as the limit wants, so that those who wait do not come together. */
  nextTurn(now: number): number {
    const turn = Math.max(this.nextTurnAt, this.opensAt(now));
    this.nextTurnAt = turn + (this.limit ? this.windowMs / this.limit : DEFAULT_SPACING_MS);
    return turn;
  }

  /** An answer came; what it told is less what has gone out since. */
  answered(told: ToldWindow | undefined, now: number): void {
    this.inFlight -= 1;
    if (!told) {
      this.silent = this.left === undefined;
      return;
    }
    const resetInMs = Math.min(told.resetInMs, LONGEST_PAUSE_MS);
    const endsAt = now + resetInMs;
    const left = Math.max(0, told.remaining - this.inFlight);
    const begun = this.left !== undefined;
    const same = this.left !== undefined && Math.abs(endsAt - this.endsAt) < SAME_WINDOW_MS;
    this.left = same ? Math.min(this.left ?? left, left) : left;
    this.limit = told.limit ?? this.limit;
    if (!same && begun) this.windowMs = Math.max(resetInMs, SAME_WINDOW_MS); // the first answer of a window
    this.endsAt = same ? Math.max(endsAt, this.endsAt) : endsAt;
  }

  /** The provider refused it for the limit; nothing more goes out for `waitMs`. */
  limited(told: ToldWindow | undefined, waitMs: number, now: number): void {
    this.inFlight -= 1;
    this.endsAt = Math.max(this.left === 0 ? this.endsAt : 0, now + Math.min(waitMs, LONGEST_PAUSE_MS));
    this.left = 0;
    this.limit = told?.limit ?? this.limit;
    this.limitedAt = now;
  }

  /** No answer came. It may have been counted all the same. */
  unanswered(): void {
    this.inFlight -= 1;
  }

  private roll(now: number): void {
    if (this.left === undefined || now < this.endsAt) return;
    this.left = this.limit === undefined ? undefined : Math.max(0, this.limit - this.inFlight);
    this.endsAt = now + this.windowMs;
  }
}
