/** Aborts what no longer moves; its signal aborts with the caller's as well. */
export class StallTimer {
  readonly signal: AbortSignal;
  /** It was this timer that aborted. */
  struck = false;
  private readonly stalled = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  constructor(signal?: AbortSignal) {
    this.signal = signal ? AbortSignal.any([signal, this.stalled.signal]) : this.stalled.signal;
  }

  /** Something moved; the next has so long. */
  restart(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.struck = true;
      this.stalled.abort();
    }, ms);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
