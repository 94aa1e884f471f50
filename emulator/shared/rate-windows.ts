import type { Clock } from './clock';

/** A limit: so many requests, or seconds of media, in one window of time. */
export interface WindowLimit {
  /** Name of what is counted. */
  of: string;
  most: number;
  windowMs: number;
}

/** A window that is under way. */
export interface RateWindow extends WindowLimit {
  startedAt: number;
  used: number;
}

/**
 * Counts against fixed windows, separately for each category. The vendor's emulator gives the limits and words the
 * refusals.
 */
export class RateWindows {
  private readonly windows = new Map<string, RateWindow>();

  constructor(
    private readonly clock: Clock,
    private readonly limitsOf: (category: string) => readonly WindowLimit[],
  ) {}

  /**
   * Counts one request.
   * @param amounts of each thing that the request takes.
   * @returns the category's windows, and the first that has no room; nothing is counted then.
   */
  take(category: string, amounts: Readonly<Record<string, number>>): { windows: RateWindow[]; full?: RateWindow } {
    const windows = this.limitsOf(category).map((limit) => this.window(category, limit));
    const need = ({ of }: RateWindow): number => amounts[of] ?? 0;
    const full = windows.find((window) => window.used + need(window) > window.most);
    if (full) return { windows, full };
    for (const window of windows) window.used += need(window);
    return { windows };
  }

  reset(): void {
    this.windows.clear();
  }

  msLeft({ startedAt, windowMs }: RateWindow): number {
    return startedAt + windowMs - this.clock.now();
  }

  private window(category: string, limit: WindowLimit): RateWindow {
    const name = `${category}/${limit.of}/${limit.windowMs}`;
    const before = this.windows.get(name);
    if (before && this.msLeft(before) > 0) return before;
    const fresh = { ...limit, startedAt: this.clock.now(), used: 0 };
    this.windows.set(name, fresh);
    return fresh;
  }
}
