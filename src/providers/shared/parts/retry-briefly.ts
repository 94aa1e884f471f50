import type { ApplicationFailure } from '@temporalio/common';
import { FAILURES, failureType } from '../../../contracts/failures';
import { sleep } from '../sleep';

/** Waits between the tries of one step, in milliseconds. After the last, the attempt fails and Temporal retries it. */
const PAUSES_MS = [250, 1000, 4000];
/** For a longer wait the attempt fails, so that it holds no activity slot; Temporal waits instead. */
const MAX_PAUSE_MS = 30_000;

/** Tries one step of an upload a few times, because a failed attempt loses the parts in flight. */
export async function retryBriefly<T>(step: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await step();
    } catch (error) {
      const type = failureType(error);
      const told = Number((error as ApplicationFailure).nextRetryDelay ?? Number.NaN);
      const wait = Number.isNaN(told) ? PAUSES_MS[tries] : told;
      if (type === undefined || !FAILURES[type].retry || tries >= PAUSES_MS.length) throw error;
      if (wait === undefined || wait > MAX_PAUSE_MS) throw error;
      await sleep(wait, signal);
      signal?.throwIfAborted();
    }
  }
}
