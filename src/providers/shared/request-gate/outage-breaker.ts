/** Requests in a row without a usable answer after which the route or provider counts as down. */
const FAILURES_UNTIL_DOWN = 5;
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;
/** A probe that takes longer no longer blocks other requests: an upload may take hours. */
const MAX_PROBE_MS = 10_000;
/** Refused requests return spread out, a hundred a second. */
const SPREAD_MS_EACH = 10;

/**
 * While a route or the whole provider is down, one request after each pause probes whether it works again. The pauses
 * double up to 30 s. Times are epoch milliseconds.
 */
export class OutageBreaker {
  private failuresInARow = 0;
  private pauses = 0;
  private closedUntil = 0;
  private probingUntil = 0;
  private turnedAway = 0;

  get down(): boolean {
    return this.failuresInARow >= FAILURES_UNTIL_DOWN;
  }

  /** True while down, until the next probe is due. */
  refuses(now: number): boolean {
    return this.down && (now < this.probingUntil || now < this.closedUntil);
  }

  /** A request goes out. While down, it is the probe. */
  begin(now: number): void {
    this.probingUntil = this.down ? now + MAX_PROBE_MS : 0;
  }

  /** When a refused request may return. */
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
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.pauses, MAX_PAUSE_MS);
      this.closedUntil = now + pause * (0.75 + Math.random() / 4);
      this.pauses += 1;
      this.turnedAway = 0;
    }
    this.probingUntil = 0;
  }

  /** The request ended without saying anything about the provider. */
  abandoned(): void {
    this.probingUntil = 0;
  }
}
