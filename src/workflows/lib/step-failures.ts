import { ActivityFailure, ApplicationFailure, CancelledFailure } from '@temporalio/workflow';
import { TemporalFailure, TimeoutFailure } from '@temporalio/workflow';
import { RetryState, TimeoutType } from '@temporalio/common';
import type { UploadRef } from '../../contracts/activities';
import type { Handle } from '../../contracts/branches/handle';
import { failureType } from '../../contracts/failures';
import type { AssetResource } from '../../contracts/resource';
import type { LifecycleError, ReceiptEntry } from '../../contracts/lifecycle-status';

/** True for errors that end a lifecycle; anything else is a bug, which must fail the workflow task and not the run. */
export const endsLifecycle = (error: unknown): error is TemporalFailure => error instanceof TemporalFailure;

/** The timeout of an activity that no worker took in time. */
export function untakenTimeout(error: unknown): TimeoutFailure | undefined {
  if (!(error instanceof ActivityFailure) || !(error.cause instanceof TimeoutFailure)) return undefined;
  return error.cause.timeoutType === TimeoutType.SCHEDULE_TO_START ? error.cause : undefined;
}

/** What the last heartbeat told of an activity that ended without its worker saying so. */
export function lastHeartbeatOf(error: unknown): unknown {
  if (!(error instanceof ActivityFailure) || !(error.cause instanceof TimeoutFailure)) return undefined;
  return error.cause.lastHeartbeatDetails ?? undefined;
}

/** True if the activity said with its failure or cancellation that it made nothing. */
export function provesNothingWasCreated(error: unknown): boolean {
  const details = detailsOf(error instanceof ActivityFailure ? error.cause : error);
  return typeof details === 'object' && details !== null && 'nothingMade' in details && details.nothingMade === true;
}

/** True if the activity, or its last heartbeat, tells of a write that may have had its effect. */
export function mayHaveWritten(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const told: unknown = cause instanceof TimeoutFailure ? cause.lastHeartbeatDetails : detailsOf(cause);
  if (typeof told !== 'object' || told === null) return false;
  return 'mayHaveWritten' in told || ('unansweredSince' in told && told.unansweredSince !== undefined);
}

/** Registers the upload session that a submission left behind, and what it handed in, so that cleanup ends them. */
export function noteUpload(made: AssetResource, error: unknown): void {
  const { upload = {}, pending, unsent } = leftBy(error);
  if (pending) {
    made.pending = pending;
    made.unsent = unsent;
  }
  const { sessionId, assetId, expiresAt } = upload;
  if (!sessionId || !assetId) return;
  made.id = assetId;
  made.session = { id: sessionId, expiresAt };
}

interface LeftBySubmission {
  upload?: Partial<UploadRef>;
  pending?: Handle;
  unsent?: boolean;
}

/** What the activity, or its last heartbeat, told of. */
function leftBy(error: unknown): LeftBySubmission {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const told: unknown = cause instanceof TimeoutFailure ? cause.lastHeartbeatDetails : detailsOf(cause);
  return typeof told === 'object' && told !== null ? told : {};
}

/** Receipt entries that a failed cleanup attempt had finished; it sends them with each failure. */
export function entriesBefore(error: unknown): ReceiptEntry[] {
  let cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) cause = cause.cause;
  const details = detailsOf(cause);
  const done = typeof details === 'object' && details !== null && 'done' in details ? details.done : undefined;
  return Array.isArray(done) ? (done as ReceiptEntry[]) : [];
}

function detailsOf(cause: unknown): unknown {
  if (!(cause instanceof ApplicationFailure || cause instanceof CancelledFailure)) return undefined;
  return cause.details?.[0];
}

/** True if a wait ended because its deadline has passed, whatever its last attempt failed with. */
export const isOutOfTime = (error: unknown): boolean =>
  error instanceof ActivityFailure &&
  error.activityType in WAITS &&
  (error.retryState === RetryState.TIMEOUT || error.cause instanceof TimeoutFailure);

/** Field of the input that bounds each wait. */
const WAITS: Readonly<Record<string, string>> = {
  untilAssetReady: 'deadlines.ready',
  untilBranchReady: 'deadlines.branch',
};

/** The error for the status: a passed deadline names its field, anything else keeps its own message. */
export function describeError(error: unknown): LifecycleError {
  if (error instanceof ActivityFailure) {
    const deadline = WAITS[error.activityType];
    if (deadline && (isOutOfTime(error) || failureType(error.cause) === 'DeadlineExceeded')) {
      return { type: 'DeadlineExceeded', message: `${error.activityType}: not ready within ${deadline} of the input` };
    }
    if (error.cause instanceof TimeoutFailure) {
      return { type: 'ProviderUnavailable', message: `${error.activityType}: ${lastWords(error.cause)}` };
    }
    return describeError(error.cause);
  }
  const message = error instanceof Error ? error.message : String(error);
  return { type: failureType(error) ?? 'Unexpected', message };
}

const lastWords = (timeout: TimeoutFailure): string =>
  timeout.cause instanceof Error ? timeout.cause.message : 'no answer in time; see the activity in Temporal Web';
