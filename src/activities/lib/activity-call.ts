import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { itemCall } from './item-call';

/**
 * How often an activity tells the server that it lives, in milliseconds; also how late a cancellation may be heard, and
 * on Temporal Cloud each heartbeat is a billable action. Heartbeat timeouts in `activity-options.ts` are three times
 * these or more.
 */
export const BEATS = {
  /** May still begin a write: no write starts later than 2 s after a stop. */
  write: 2000,
  /** Only reads, page by page. */
  read: 15_000,
  /** Sends bytes, and has sent some since the last heartbeat. */
  moving: 5000,
  /** Sends bytes, but none have moved, or all have and the answer is awaited. */
  still: 15_000,
  /** Holds a wait: nothing is written, and a dead worker is noticed in minutes. */
  wait: 55_000,
} as const;

/** The first heartbeat of a call comes after this, so that quick calls send none. Waits begin with a whole interval. */
const FIRST_BEAT_MS = 1000;
const TICK_MS = 500;

interface Pulse {
  everyMs: number;
  /** A third of the activity's heartbeat timeout, so that two heartbeats may be lost. */
  mostMs: number;
  lastAt: number;
  details: unknown;
  /** Gives the details instead, in an activity over many items. */
  gather?: () => unknown;
  /** Set while bytes are on their way: whether some have moved since the last heartbeat. */
  upload?: { moved: boolean };
}

const pulses = new WeakMap<Context, Pulse>();

/**
 * Runs `work` under heartbeats, and gives it the signal that aborts it on cancellation. Each heartbeat carries the last
 * details that were set; until some are, those that an earlier attempt left.
 */
export async function withHeartbeatEvery<T>(everyMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  const item = itemCall();
  if (item) return work(item.signal); // the activity over all items sends the heartbeats
  const pulse = pulseOf(context);
  pulse.everyMs = everyMs;
  const firstBeatMs = everyMs >= BEATS.wait ? intervalOf(pulse) : FIRST_BEAT_MS;
  pulse.lastAt = Date.now() + firstBeatMs - intervalOf(pulse);
  const timer = setInterval(() => {
    if (Date.now() >= pulse.lastAt + intervalOf(pulse)) beat(context, pulse);
  }, TICK_MS);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(timer);
    pulse.upload = undefined;
  }
}

/** A call of seconds to minutes that may begin a write. */
export const withHeartbeat = <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
  withHeartbeatEvery(BEATS.write, work);

function intervalOf({ everyMs, mostMs, upload }: Pulse): number {
  const wanted = upload === undefined ? everyMs : upload.moved ? BEATS.moving : BEATS.still;
  return Math.min(wanted, mostMs);
}

function pulseOf(context: Context): Pulse {
  let pulse = pulses.get(context);
  if (!pulse) {
    const { heartbeatDetails, heartbeatTimeoutMs } = context.info;
    const mostMs = heartbeatTimeoutMs ? heartbeatTimeoutMs / 3 : Number.POSITIVE_INFINITY;
    pulse = { everyMs: BEATS.write, mostMs, lastAt: Number.NEGATIVE_INFINITY, details: heartbeatDetails };
    pulses.set(context, pulse);
  }
  return pulse;
}

function beat(context: Context, pulse: Pulse): void {
  pulse.lastAt = Date.now();
  if (pulse.upload) pulse.upload.moved = false;
  context.heartbeat(pulse.gather ? pulse.gather() : pulse.details);
}

/** From now on each heartbeat carries what `gather` gives. */
export function heartbeatsCarry(gather: () => unknown): void {
  pulseOf(Context.current()).gather = gather;
}

/** What the running step knows of its earlier attempts: of its activity, or of its item in an activity over many. */
export function stepAttempt(): { attempt: number; left: unknown; scheduledAtMs: number } {
  const { attempt, heartbeatDetails, currentAttemptScheduledTimestampMs: scheduledAtMs } = Context.current().info;
  const item = itemCall();
  return item ? { ...item, scheduledAtMs } : { attempt, left: heartbeatDetails, scheduledAtMs };
}

/**
 * The heartbeat details with `changes` added. Fields that `changes` does not name stay, whether this attempt or an
 * earlier one set them; `undefined` removes a field.
 */
export const progressWith = <T extends object>(changes: T): T => ({
  ...((itemCall() ?? pulseOf(Context.current())).details as object | undefined),
  ...changes,
});

/**
 * Adds `changes` to the heartbeat details and sends them at once: the next attempt reads them, also when this worker is
 * killed a moment later.
 * @returns all details as they are now.
 */
export function setProgress(changes: object): object {
  const context = Context.current();
  const pulse = pulseOf(context);
  const details = progressWith(changes);
  const item = itemCall();
  if (item) {
    item.details = details;
    pulse.lastAt = Number.NEGATIVE_INFINITY; // with the next tick, together with those of other items
    return details;
  }
  pulse.details = details;
  beat(context, pulse);
  return details;
}

/** The same, sent with the next heartbeat that is due. From the first such call on, bytes are on their way. */
export function noteBytesMoved(changes: object = {}): void {
  const pulse = pulseOf(Context.current());
  (itemCall() ?? pulse).details = progressWith(changes);
  pulse.upload = { moved: true };
}

/** Waits without outliving the activity: throws the cancellation as soon as it comes. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch {
    throw cancellationOf(signal);
  }
}

/** The cancellation behind an aborted signal, as the failure that reports it. */
export const cancellationOf = (signal: AbortSignal, details?: unknown): CancelledFailure => {
  const message = signal.reason instanceof Error ? signal.reason.message : 'cancelled';
  return new CancelledFailure(message, details === undefined ? [] : [details]);
};
