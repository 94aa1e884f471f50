/** The rate limit that an answer states. */
export interface ToldWindow {
  /** Requests allowed per window. */
  limit?: number;
  /** Requests left in this window. */
  remaining: number;
  /** Milliseconds to the end of this window. */
  resetInMs: number;
}

/** Most requests in flight until an answer states the limit; below the smallest published limit. */
const MAX_IN_FLIGHT_WHILE_LEARNING = 10;
/** Published limits are per minute. An answer that states its window overrides this. */
const STANDARD_WINDOW_MS = 60_000;
/** Time between two turns while no answer has stated the limit. */
const DEFAULT_SPACING_MS = 500;
/** Two answers of the same window may state ends that differ by this much. */
const SAME_WINDOW_MS = 1500;
/**
 * Longest time that requests are held back. After it a few go out and their answers state the limit anew, so that a
 * wrong reset, or the reset of a day, never stops an account.
 */
const MAX_PAUSE_MS = 10 * 60_000;
/** After a 429 without any stated limit, requests stay limited for this long. */
const WARY_MS = 10 * 60_000;

/** Counts how many requests of one kind may still go out, from what answers state. Times are epoch milliseconds. */
export class RateWindow {
  private inFlight = 0;
  /** Undefined until an answer states it. */
  private left: number | undefined;
  private limit: number | undefined;
  private windowMs = STANDARD_WINDOW_MS;
  private endsAt = 0;
  private nextTurnAt = 0;
  /** True if answers state no limit. */
  private silent = false;
  private limitedAt = Number.NEGATIVE_INFINITY;

  /** Counts a request and gives true, if one may go out now. */
  take(now: number): boolean {
    this.roll(now);
    const wary = now - this.limitedAt < WARY_MS;
    const free =
      this.left === undefined ? (this.silent && !wary) || this.inFlight < MAX_IN_FLIGHT_WHILE_LEARNING : this.left > 0;
    if (!free) return false;
    this.inFlight += 1;
    if (this.left !== undefined) this.left -= 1;
    return true;
  }

  /** When a used-up window ends; `now` if requests only wait for an answer. */
  opensAt(now: number): number {
    return this.left === undefined ? now : Math.max(this.endsAt, now);
  }

  /** Hands out turns spaced by the limit, so that held-back requests do not return at the same time. */
  nextTurn(now: number): number {
    const turn = Math.max(this.nextTurnAt, this.opensAt(now));
    this.nextTurnAt = turn + (this.limit ? this.windowMs / this.limit : DEFAULT_SPACING_MS);
    return turn;
  }

  /** Takes over what an answer states, minus the requests that have gone out since. */
  answered(told: ToldWindow | undefined, now: number): void {
    this.inFlight -= 1;
    if (!told) {
      this.silent = this.left === undefined;
      return;
    }
    const resetInMs = Math.min(told.resetInMs, MAX_PAUSE_MS);
    const endsAt = now + resetInMs;
    const left = Math.max(0, told.remaining - this.inFlight);
    const begun = this.left !== undefined;
    const same = this.left !== undefined && Math.abs(endsAt - this.endsAt) < SAME_WINDOW_MS;
    this.left = same ? Math.min(this.left ?? left, left) : left;
    this.limit = told.limit ?? this.limit;
    if (!same && begun) this.windowMs = Math.max(resetInMs, SAME_WINDOW_MS); // the first answer of a window
    this.endsAt = same ? Math.max(endsAt, this.endsAt) : endsAt;
  }

  /** After a 429: nothing goes out for `waitMs`. */
  limited(told: ToldWindow | undefined, waitMs: number, now: number): void {
    this.inFlight -= 1;
    this.endsAt = Math.max(this.left === 0 ? this.endsAt : 0, now + Math.min(waitMs, MAX_PAUSE_MS));
    this.left = 0;
    this.limit = told?.limit ?? this.limit;
    this.limitedAt = now;
  }

  /** No answer came. The provider may have counted the request. */
  unanswered(): void {
    this.inFlight -= 1;
  }

  private roll(now: number): void {
    if (this.left === undefined || now < this.endsAt) return;
    this.left = this.limit === undefined ? undefined : Math.max(0, this.limit - this.inFlight);
    this.endsAt = now + this.windowMs;
  }
}
