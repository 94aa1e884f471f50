import type { LifecycleStatus, LifecycleTimings, Phase } from '../contracts/lifecycle-status';

/** When the run says that a phase began. A cleanup after a failure has no such time: it counts from when it is seen. */
const BEGINS: Partial<Record<Phase, keyof LifecycleTimings>> = {
  pending: 'startedAt',
  creating: 'startedAt',
  processing: 'createdAt',
  branching: 'readyAt',
  cleaning: 'stopRequestedAt',
};

/** When the run says that a phase ended as it should. */
const ENDS: Partial<Record<Phase, keyof LifecycleTimings>> = {
  creating: 'createdAt',
  processing: 'readyAt',
  branching: 'branchReadyAt',
};

/** Tells from a lifecycle's statuses, one after the other, how long its phases take. */
export class PhaseClock {
  private phase: Phase | undefined;
  private since = 0;

  /** @param now milliseconds since 1970 */
  constructor(private readonly now: () => number = Date.now) {}

  /** Hears the next status. @returns the phase that ended with it, if one did, and how long it took */
  hear(status: LifecycleStatus): { phase: Phase; tookMs: number } | undefined {
    const { phase, since } = this;
    if (status.phase === phase) return undefined;
    this.phase = status.phase;
    this.since = timeIn(status, BEGINS[status.phase]) ?? this.now();
    return phase && { phase, tookMs: Math.max(0, this.endOf(phase, status) - since) };
  }

  /** How long the current phase has taken; `undefined` before the first status and after the end. */
  elapsedMs(): number | undefined {
    if (this.phase === undefined || BEGINS[this.phase] === undefined) return undefined;
    return Math.max(0, this.now() - this.since); // the server's clock may be ahead
  }

  private endOf(phase: Phase, next: LifecycleStatus): number {
    const stopped = next.phase === 'cleaning' ? 'stopRequestedAt' : 'closedAt';
    return timeIn(next, ENDS[phase]) ?? timeIn(next, stopped) ?? this.now();
  }
}

function timeIn({ timings }: LifecycleStatus, name: keyof LifecycleTimings | undefined): number | undefined {
  const time = name && timings[name];
  return typeof time === 'string' ? Date.parse(time) : undefined;
}
