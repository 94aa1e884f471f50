interface Sleeper {
  dueAt: number;
  wake: () => void;
  fail: (error: Error) => void;
}

/** The emulator's time: the machine's, plus whatever it was advanced by. Nothing else in the emulator reads a clock. */
export class Clock {
  /** Difference between the shown and the real time; negative: behind. Ages do not change by it. */
  skewMs = 0;
  private offsetMs = 0;
  private readonly sleepers = new Set<Sleeper>();

  now(): number {
    return Date.now() + this.offsetMs;
  }

  /** A time as the provider writes it. Other machines show another time when the provider's clock is off. */
  iso(at: number = this.now()): string {
    return new Date(at + this.skewMs).toISOString();
  }

  /** Epoch milliseconds of a time that a client writes by the provider's clock; NaN when the text is no time. */
  read(text: string): number {
    return Date.parse(text) - this.skewMs;
  }

  get advancedMs(): number {
    return this.offsetMs;
  }

  set advancedMs(ms: number) {
    this.offsetMs = ms;
    for (const sleeper of [...this.sleepers]) if (sleeper.dueAt <= this.now()) sleeper.wake();
  }

  advance(ms: number): void {
    this.advancedMs = this.offsetMs + ms;
  }

  /** Ends when the time has passed, at once when the clock is advanced past it; fails when the emulator closes. */
  async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        this.sleepers.delete(sleeper);
      };
      const sleeper: Sleeper = {
        dueAt: this.now() + ms,
        wake: () => {
          leave();
          resolve();
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      const timer = setTimeout(sleeper.wake, ms);
      this.sleepers.add(sleeper);
    });
  }

  close(): void {
    for (const sleeper of [...this.sleepers]) sleeper.fail(new Error('the emulator is closing'));
  }
}
