import type { ApplicationFailure } from '@temporalio/common';
import { FAILURES, failureType } from '../../../contracts/failures';
import { sleep } from '../sleep';

/** Waits between tries of one small step, in milliseconds; beyond them the whole attempt is Temporal's to repeat. */
const PAUSES_MS = [250, 1000, 4000];
/** A provider that asks for a longer wait gets it from Temporal, so that no slot is held. */
const LONGEST_PAUSE_MS = 30_000;

/** Tries a step of an upload a few times, since a whole attempt costs the parts that are on their way. */
export async function retryBriefly<T>(step: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await step();
    } catch (error) {
      const type = failureType(error);
      const told = Number((error as ApplicationFailure).nextRetryDelay ?? Number.NaN);
      const wait = Number.isNaN(told) ? PAUSES_MS[tries] : told;
      if (type === undefined || !FAILURES[type].retry || tries >= PAUSES_MS.length) throw error;
      if (wait === undefined || wait > LONGEST_PAUSE_MS) throw error;
      await sleep(wait, signal);
      signal.throwIfAborted();
    }
  }
}
