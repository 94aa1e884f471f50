/** So many requests in a row without a usable answer, and what they were sent to is taken for down. */
const DOWN_AFTER = 5;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** A probe that has not ended by then keeps the others no longer: an upload may take hours. */
const LONGEST_PROBE_MS = 10_000;
/** Those who wait come back spread out: a hundred a second. */
const SPREAD_MS_EACH = 10;

/**
 * While a route, or the whole provider, is down, one request after a pause finds out whether it is back; the pauses
 * double to 30 s. Times are epoch milliseconds.
 */
export class OutageBreaker {
  private failuresInARow = 0;
  private pauses = 0;
  private closedUntil = 0;
  private probingUntil = 0;
  private turnedAway = 0;

  get down(): boolean {
    return this.failuresInARow >= DOWN_AFTER;
  }

  /** True while it is down and it is not time for the next probe. */
  refuses(now: number): boolean {
    return this.down && (now < this.probingUntil || now < this.closedUntil);
  }

  /** A request goes out; while it is down, that request is the probe. */
  begin(now: number): void {
    this.probingUntil = this.down ? now + LONGEST_PROBE_MS : 0;
  }

  /** When one that was turned away may come back. */
  comeBackAt(now: number): number {
    this.turnedAway += 1;
    return Math.max(now + FIRST_PAUSE_MS, this.closedUntil) + this.turnedAway * SPREAD_MS_EACH;
  }

  succeeded(): void {
    this.failuresInARow = 0;
    this.pauses = 0;
    this.turnedAway = 0;
    this.probingUntil = 0;
  }

  failed(now: number): void {
    this.failuresInARow += 1;
    if (this.down && (now < this.probingUntil || now >= this.closedUntil)) {
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.pauses, LONGEST_PAUSE_MS);
      this.closedUntil = now + pause * (0.75 + Math.random() / 4);
      this.pauses += 1;
      this.turnedAway = 0;
    }
    this.probingUntil = 0;
  }

  /** The request ended without telling anything of the provider. */
  abandoned(): void {
    this.probingUntil = 0;
  }
}
