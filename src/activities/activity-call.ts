import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';

/** How often a running call tells the server that it lives, which is also how soon it hears of a cancellation. */
const HEARTBEAT_MS = 1000;

/**
 * Runs `work` under heartbeats, and gives it the signal that aborts it on cancellation.
 * The heartbeat carries the last details that were set with {@link addProgress}, and until then those of the earlier
 * attempt: a heartbeat without details would make the server forget them.
 */
export async function heartbeating<T>(everyMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(progressOf(context)), everyMs);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(timer);
  }
}

/** A call of seconds to minutes. */
export const calling = <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => heartbeating(HEARTBEAT_MS, work);

const progress = new WeakMap<Context, object>();

const progressOf = (context: Context): object | undefined =>
  progress.get(context) ?? (context.info.heartbeatDetails as object | undefined);

/**
 * Adds `changes` to the heartbeat details, which the next attempt reads, also when this worker is killed. Fields that
 * `changes` does not name stay, whether this attempt or an earlier one set them; `undefined` removes a field.
 * @returns all details as they are now.
 */
export function addProgress(changes: object): object {
  const context = Context.current();
  const details = { ...progressOf(context), ...changes };
  progress.set(context, details);
  context.heartbeat(details);
  return details;
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
