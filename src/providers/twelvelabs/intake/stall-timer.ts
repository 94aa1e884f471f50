/** Aborts a transfer that no longer moves. Its signal also aborts with the caller's signal. */
export class StallTimer {
  readonly signal: AbortSignal;
  /** True if this timer aborted, and not the caller. */
  struck = false;
  private readonly stalled = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  constructor(signal?: AbortSignal) {
    this.signal = signal ? AbortSignal.any([signal, this.stalled.signal]) : this.stalled.signal;
  }

  /** Bytes moved: the next ones have `ms` from now. */
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
