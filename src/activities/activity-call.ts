import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';

/** How often a running call tells the server that it lives, which is also how soon it hears of a cancellation. */
const HEARTBEAT_MS = 1000;

/**
 * Runs `work` under heartbeats, and gives it the signal that aborts it on cancellation.
 * The heartbeat carries the last details that were set with {@link setProgress}.
 */
export async function heartbeating<T>(everyMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(progress.get(context)), everyMs);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(timer);
  }
}

/** A call of seconds to minutes. */
export const calling = <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => heartbeating(HEARTBEAT_MS, work);

const progress = new WeakMap<Context, unknown>();

/** Makes `details` durable: the next attempt reads them, also when this worker is killed. */
export function setProgress(details: unknown): void {
  const context = Context.current();
  progress.set(context, details);
  context.heartbeat(details);
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
