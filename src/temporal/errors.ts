import { ActivityFailure } from '@temporalio/common';

/** The failure behind what a workflow failed with: that of its activity, if it was one. */
export const failureBehind = (error: unknown): unknown => (error instanceof ActivityFailure ? error.cause : error);

/** Base of everything the client throws on purpose; messages are one line for a person. */
export abstract class LifecycleClientError extends Error {}

/** The input is wrong; nothing was started. The message names every wrong field. */
export class InvalidInput extends LifecycleClientError {
  override readonly name = 'InvalidInput';
}

/** The key has a lifecycle in another place of the provider. */
export class KeyInUse extends LifecycleClientError {
  override readonly name = 'KeyInUse';
}

/** No lifecycle has this key. */
export class LifecycleNotFound extends LifecycleClientError {
  override readonly name = 'LifecycleNotFound';
}

/** No batch has this id, or what it kept is not in this client's store. */
export class BatchNotFound extends LifecycleClientError {
  override readonly name = 'BatchNotFound';
}

/** The batch has ended, so it receives no signal. */
export class BatchClosed extends LifecycleClientError {
  override readonly name = 'BatchClosed';
}

/** The batch is running: it can be taken up again once it has closed. */
export class BatchRunning extends LifecycleClientError {
  override readonly name = 'BatchRunning';
}

/** The lifecycle has ended, so it receives no signal. */
export class LifecycleClosed extends LifecycleClientError {
  override readonly name = 'LifecycleClosed';
}

/** The lifecycle is running, has completed or was stopped on request: there is nothing to retry. */
export class LifecycleNotFailed extends LifecycleClientError {
  override readonly name = 'LifecycleNotFailed';
}

/** The lifecycle of this key is being deleted by force, which takes longer than a start waits. */
export class LifecycleBeingDeleted extends LifecycleClientError {
  override readonly name = 'LifecycleBeingDeleted';
}

/** A call was aborted by the signal that its caller gave; `cause` is the signal's reason. */
export class CallAborted extends LifecycleClientError {
  override readonly name = 'AbortError';
}

/** A call took longer than its caller's `timeoutMs`. */
export class CallTimedOut extends LifecycleClientError {
  override readonly name = 'CallTimedOut';
}

/** No Temporal server answers. Worth another try. */
export class TemporalUnreachable extends LifecycleClientError {
  override readonly name = 'TemporalUnreachable';
}

/** The Temporal server answers, and refuses this client's credentials or rights. Trying again does not help. */
export class TemporalRefused extends LifecycleClientError {
  override readonly name = 'TemporalRefused';
}
