import { ActivityFailure, ApplicationFailure, CancelledFailure } from '@temporalio/workflow';
import { isCancellation, TemporalFailure, TimeoutFailure } from '@temporalio/workflow';
import { RetryState } from '@temporalio/common';
import type { UploadRef } from '../../contracts/activities';
import { failureType } from '../../contracts/failures';
import type { CleanupPolicy } from '../../contracts/cleanup-policy';
import type { AssetResource } from '../../contracts/resource';
import type { LifecycleError, Outcome, ReceiptEntry } from '../../contracts/lifecycle-status';

/** Who asked a lifecycle to stop, and what is to become of what it made. */
export interface StopRequest {
  outcome: Extract<Outcome, 'cancelled' | 'deleted'>;
  policy: CleanupPolicy;
  reason?: string;
  native: boolean;
}

/** True for errors that end a lifecycle; anything else is a bug, which must fail the workflow task and not the run. */
export const endsLifecycle = (error: unknown): error is TemporalFailure => error instanceof TemporalFailure;

export const isStop = (error: unknown): boolean => isCancellation(error);

/** What the activity said of the outcome with its failure or cancellation: nothing can have been made. */
export function madeNothing(error: unknown): boolean {
  const details = detailsOf(error instanceof ActivityFailure ? error.cause : error);
  return typeof details === 'object' && details !== null && 'nothingMade' in details && details.nothingMade === true;
}

/** Whether the activity, or its last heartbeat, tells of a write that may have had its effect. */
export function mayHaveWritten(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const told: unknown = cause instanceof TimeoutFailure ? cause.lastHeartbeatDetails : detailsOf(cause);
  if (typeof told !== 'object' || told === null) return false;
  return 'mayHaveWritten' in told || ('unansweredSince' in told && told.unansweredSince !== undefined);
}

/** Tells cleanup of the upload session that a broken-off submission leaves, if it leaves one. */
export function noteUpload(made: AssetResource, error: unknown): void {
  const upload = uploadLeft(error);
  if (!upload) return;
  made.id = upload.assetId;
  made.session = { id: upload.sessionId, expiresAt: upload.expiresAt };
}

/** What the activity, or its last heartbeat, told of the session. */
function uploadLeft(error: unknown): UploadRef | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const told: unknown = cause instanceof TimeoutFailure ? cause.lastHeartbeatDetails : detailsOf(cause);
  if (typeof told !== 'object' || told === null || !('upload' in told)) return undefined;
  const { sessionId, assetId, expiresAt } = (told.upload ?? {}) as Partial<UploadRef>;
  return sessionId && assetId ? { sessionId, assetId, expiresAt } : undefined;
}

/** What a cleanup that was given up had done by then; it says so with every failure. */
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

/** A wait whose deadline has passed, whatever the last attempt met. */
export const isOutOfTime = (error: unknown): boolean =>
  error instanceof ActivityFailure &&
  error.activityType in WAITS &&
  (error.retryState === RetryState.TIMEOUT || error.cause instanceof TimeoutFailure);

const WAITS: Readonly<Record<string, string>> = {
  untilAssetReady: 'deadlines.ready',
  untilEmbeddingReady: 'deadlines.branch',
  untilEntityReady: 'deadlines.branch',
  untilIndexedAssetReady: 'deadlines.branch',
};

/** The lifecycle's error in the words of whoever failed. */
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
