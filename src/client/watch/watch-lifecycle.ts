import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { LifecycleStatus } from '../../contracts/lifecycle-status';
import type { RunNews } from './run-news';

/** How often the progress of an upload is read; each is one request, and no query. */
const LOOK_EVERY_MS = 2000;
/** Longest time between two reads while an upload shows no progress (a URL, or a file in the queue). */
const MAX_LOOK_INTERVAL_MS = 20_000;

/** Where a watch gets what it shows. */
export interface WatchedRun {
  follow(signal: AbortSignal): AsyncGenerator<RunNews>;
  /** The status by one query to the run; from Temporal's records when no worker answers. */
  ask(): Promise<LifecycleStatus>;
  describe(): Promise<WorkflowExecutionDescription>;
  /** The status with the upload that the description shows, if it shows one. */
  withUpload(status: LifecycleStatus, description: WorkflowExecutionDescription): LifecycleStatus;
  /** How the run ended, or `undefined` when another run continues its work. */
  end(): Promise<LifecycleStatus | undefined>;
}

/**
 * Every change of one run's status. The run is queried once a phase. Between, its events are followed; during an
 * upload its description is read every two seconds.
 * @returns true if the run ended with an outcome; false when another run continues its work.
 */
export async function* watchRun(watched: WatchedRun, signal: AbortSignal): AsyncGenerator<LifecycleStatus, boolean> {
  const own = new AbortController();
  const news = watched.follow(AbortSignal.any([signal, own.signal]));
  let next = news.next();
  let status: LifecycleStatus | undefined;
  let phase: RunNews['phase'];
  let lookEveryMs = 0;
  try {
    for (;;) {
      const heard = lookEveryMs > 0 ? await orUndefinedAfter(next, lookEveryMs) : await next;
      if (heard === undefined) {
        const before = status as LifecycleStatus;
        status = watched.withUpload(before, await watched.describe());
        lookEveryMs = status.upload ? LOOK_EVERY_MS : Math.min(lookEveryMs * 2, MAX_LOOK_INTERVAL_MS);
        if (!isSame(before, status)) yield status;
        continue;
      }
      if (heard.done || heard.value.closed) {
        const ended = await watched.end();
        if (ended) yield ended;
        return ended !== undefined;
      }
      next = news.next();
      next.catch(() => {}); // it is awaited in the next turn
      lookEveryMs = heard.value.uploading ? LOOK_EVERY_MS : 0;
      if (status !== undefined && heard.value.phase === phase) continue;
      phase = heard.value.phase;
      const asked = await watched.ask();
      if (!isSame(status, asked) && !asked.outcome) yield asked; // an outcome is only yielded once the run has closed
      status = asked;
    }
  } finally {
    own.abort();
    next.catch(() => {});
  }
}

const isSame = (a: LifecycleStatus | undefined, b: LifecycleStatus): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Result of `promise`, or `undefined` if it takes longer than `ms`; the promise goes on. */
async function orUndefinedAfter<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const timer = new AbortController();
  try {
    return await Promise.race([promise, delay(ms, undefined, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}
