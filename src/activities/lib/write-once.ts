import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { failureType, withDetails } from '../../contracts/failures';
import { SubmissionAborted } from '../../providers/outcome';
import { withHeartbeat, cancellationOf, progressWith, setProgress, stepAttempt } from './activity-call';
import { untilFound } from './until-found';

/** What an attempt tells the next one by its heartbeat. */
interface WriteProgress {
  /** Attempt that wrote this. Ignored unless it is the previous attempt. */
  attempt: number;
  /** Epoch milliseconds: a write began then, and its answer never came. */
  unansweredSince?: number;
}

interface WriteOnce<T, P> {
  settleWindowMs: number;
  /** Checks what is to be written; nothing is sent when it throws. */
  prepare: (signal: AbortSignal) => Promise<P>;
  /**
   * Looks for what an earlier attempt or run made; called before every write. `ambiguous`: an earlier write of this
   * activity got no answer.
   */
  find: (prepared: P, search: { ambiguous: boolean; signal: AbortSignal }) => Promise<T | undefined>;
  /**
   * Keeps details at the server before the write goes out (`ActivityProgress.makeDurable`). An attempt that finds no such
   * record then knows that no earlier attempt has written. Without records, a killed attempt may have written.
   */
  record?: (details: unknown) => Promise<void>;
  /** The write, a single attempt. */
  make: (prepared: P, signal: AbortSignal) => Promise<T>;
}

/**
 * Makes something at most once, though attempts repeat: looks before it writes, and after a lost answer keeps looking
 * until a late commit can no longer come. A failure or cancellation that certainly made nothing has `{nothingMade: true}`
 * in its details: no attempt was left without an answer. Where writes are recorded, any other has `{mayHaveWritten: true}`.
 */
export async function writeOnce<T, P>({ settleWindowMs, prepare, find, record, make }: WriteOnce<T, P>): Promise<T> {
  const unansweredSince = record ? recordedWrite() : unansweredWrite();
  if (record && unansweredSince !== undefined) keepProgress({ unansweredSince }); // this attempt's heartbeats carry it on
  let nothingMade = unansweredSince === undefined;
  let isRefused = false;
  try {
    return await withHeartbeat(async (signal) => {
      const prepared = await prepare(signal);
      const found =
        unansweredSince === undefined
          ? await find(prepared, { ambiguous: false, signal })
          : await untilFound(() => find(prepared, { ambiguous: true, signal }), {
              until: unansweredSince + settleWindowMs,
              signal,
            });
      if (found !== undefined) return found;
      if (signal.aborted) throw cancellationOf(signal);
      const writing = { unansweredSince: unansweredSince ?? Date.now() };
      await record?.(detailsWith(writing));
      if (signal.aborted) throw cancellationOf(signal);
      nothingMade = false;
      keepProgress(record ? writing : { unansweredSince: Date.now() });
      try {
        return await make(prepared, signal);
      } catch (error) {
        isRefused = provesNothingWasCreated(error);
        nothingMade = isRefused && unansweredSince === undefined; // else the earlier one may be late beyond the window
        throw error instanceof SubmissionAborted ? cancellationOf(signal) : error;
      }
    });
  } catch (error) {
    keepProgress(nothingMade ? {} : { unansweredSince: isRefused ? unansweredSince : Date.now() });
    if (nothingMade) throw withSuchDetails(error, { nothingMade });
    throw record ? withSuchDetails(error, { mayHaveWritten: true }) : error;
  }
}

/** Since when a recorded write of an earlier attempt is unanswered. Without a record there was no write. */
const recordedWrite = (): number | undefined => (stepAttempt().left as WriteProgress | undefined)?.unansweredSince;

/** Since when a write of an earlier attempt is unanswered. A killed attempt may have begun one without telling. */
function unansweredWrite(): number | undefined {
  const { attempt, left, scheduledAtMs } = stepAttempt();
  const progress = left as WriteProgress | undefined;
  if (progress?.attempt === attempt - 1) return progress.unansweredSince;
  return attempt > 1 ? scheduledAtMs : undefined;
}

const keepProgress = (progress: Omit<WriteProgress, 'attempt'>): void => void setProgress(detailsWith(progress));

/** Other details that this attempt or an earlier one has set stay. */
function detailsWith({ unansweredSince }: Omit<WriteProgress, 'attempt'>): WriteProgress {
  const { attempt } = stepAttempt();
  return progressWith({ attempt, unansweredSince });
}

/** An answer that refuses, or a request that never went out, proves it; only a lost answer does not. */
function provesNothingWasCreated(error: unknown): boolean {
  if (error instanceof SubmissionAborted) return true;
  const type = failureType(error);
  return type !== undefined && type !== 'OutcomeUnknown';
}

function withSuchDetails(error: unknown, details: { nothingMade: true } | { mayHaveWritten: true }): unknown {
  if (error instanceof CancelledFailure) return new CancelledFailure(error.message, [details]);
  return error instanceof ApplicationFailure ? withDetails(error, details) : error;
}
