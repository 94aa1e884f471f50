import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { failureType, withDetails } from '../../contracts/failures';
import { SubmissionAborted } from '../../providers/outcome';
import { withHeartbeat, cancellationOf, progressWith, setProgress } from './activity-call';
import { untilFound } from './until-found';

/** What an attempt leaves for the next one: since when a write may be under way whose answer nobody has. */
interface WriteProgress {
  /** The attempt that left it: what an earlier one left says nothing of the last. */
  attempt: number;
  unansweredSince?: number;
}

interface WriteOnce<T, P> {
  settleWindowMs: number;
  /** Checks what is to be written; nothing is sent when it throws. */
  prepare: (signal: AbortSignal) => Promise<P>;
  /**
   * Looks for what an earlier attempt or run made. `ambiguous`: an earlier write of this activity got no answer.
   * It is asked before every write; return at once where the first attempt need not look.
   */
  find: (prepared: P, search: { ambiguous: boolean; signal: AbortSignal }) => Promise<T | undefined>;
  /**
   * Keeps details at the server before the write goes out (`ActivityProgress.makeDurable`). With it, an attempt that
   * finds no record knows that no earlier one has written; without it, that is not known of a killed one.
   */
  record?: (details: unknown) => Promise<void>;
  /** The write, a single attempt. */
  make: (prepared: P, signal: AbortSignal) => Promise<T>;
}

/**
 * Makes something at most once, though attempts repeat: looks before it writes, and after a lost answer keeps looking
 * until a late commit can no longer come. A failure or cancellation that made nothing for certain says so in its
 * details: `{nothingMade: true}`; with a record, one whose write may have had its effect says `{mayHaveWritten: true}`.
 */
export async function writeOnce<T, P>({ settleWindowMs, prepare, find, record, make }: WriteOnce<T, P>): Promise<T> {
  const unansweredSince = record ? recordedWrite() : unansweredWrite();
  if (record && unansweredSince !== undefined) leave({ unansweredSince }); // this attempt's heartbeats keep it
  let nothingMade = unansweredSince === undefined;
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
      leave(record ? writing : { unansweredSince: Date.now() });
      try {
        return await make(prepared, signal);
      } catch (error) {
        nothingMade = refusedForCertain(error) && !(record && unansweredSince !== undefined);
        throw error instanceof SubmissionAborted ? cancellationOf(signal) : error;
      }
    });
  } catch (error) {
    leave(nothingMade ? {} : { unansweredSince: Date.now() });
    if (nothingMade) throw saying(error, { nothingMade });
    throw record ? saying(error, { mayHaveWritten: true }) : error;
  }
}

/** Since when a recorded write of an earlier attempt is unanswered; without a record there was none. */
const recordedWrite = (): number | undefined =>
  (Context.current().info.heartbeatDetails as WriteProgress | undefined)?.unansweredSince;

/** Since when a write of an earlier attempt is unanswered; a killed worker leaves at least its last heartbeat. */
function unansweredWrite(): number | undefined {
  const { attempt, heartbeatDetails, currentAttemptScheduledTimestampMs } = Context.current().info;
  const left = heartbeatDetails as WriteProgress | undefined;
  if (left?.attempt === attempt - 1) return left.unansweredSince;
  return attempt > 1 ? currentAttemptScheduledTimestampMs : undefined;
}

const leave = (progress: Omit<WriteProgress, 'attempt'>): void => void setProgress(detailsWith(progress));

/** What else this attempt or an earlier one left stays. */
function detailsWith({ unansweredSince }: Omit<WriteProgress, 'attempt'>): WriteProgress {
  const { attempt } = Context.current().info;
  return progressWith({ attempt, unansweredSince });
}

/** The answer, or its absence, proves that the write had no effect. */
function refusedForCertain(error: unknown): boolean {
  if (error instanceof SubmissionAborted) return true;
  const type = failureType(error);
  return type !== undefined && type !== 'OutcomeUnknown';
}

function saying(error: unknown, details: { nothingMade: true } | { mayHaveWritten: true }): unknown {
  if (error instanceof CancelledFailure) return new CancelledFailure(error.message, [details]);
  return error instanceof ApplicationFailure ? withDetails(error, details) : error;
}
