import { CancellationScope, CancelledFailure, setHandler } from '@temporalio/workflow';
import type { CleanupPolicy } from '../../../contracts/cleanup-policy';
import type { LifecycleStatus, Outcome } from '../../../contracts/lifecycle-status';
import { readStopRequest } from '../../../contracts/messages';
import { cancelSignal, forceDeleteSignal } from '../status';

/** How a lifecycle was asked to stop, and what is to become of what it made. */
interface StopRequest {
  outcome: Extract<Outcome, 'cancelled' | 'deleted'>;
  policy: CleanupPolicy;
  /** False if the request named no policy, so that it is the input's. */
  isNamed: boolean;
  reason?: string;
  /** By Temporal's own cancellation; the run then closes as Canceled. */
  native: boolean;
}

/** Hears the signals `cancel` and `forceDelete`, and stops the story at once. */
export class StopRequests {
  /** The request that counts: the first, except that a `forceDelete` may still follow a cancel. */
  request: StopRequest | undefined;
  private story: CancellationScope | undefined;

  /** @param onCancel the input's policy, for requests that name none. */
  constructor(
    private readonly status: Pick<LifecycleStatus, 'reason'> & {
      timings: Pick<LifecycleStatus['timings'], 'stopRequestedAt'>;
    },
    private readonly onCancel: CleanupPolicy,
  ) {
    setHandler(cancelSignal, (payload) => this.hearCancel(payload), {
      description: 'Stops the lifecycle, cleans up.',
    });
    setHandler(forceDeleteSignal, (payload) => this.hearForceDelete(payload), {
      description: 'Stops the lifecycle and removes everything it touched, by force.',
    });
  }

  /**
   * Also where a step failed after that: one whose worker died while it was being cancelled ends by its timeout. Asked for
   * outside the story.
   */
  get isAsked(): boolean {
    return this.request !== undefined || CancellationScope.current().consideredCancelled;
  }

  /** Runs the story until it ends or somebody stops it; then throws the cancellation. */
  async whileWanted(story: () => Promise<void>): Promise<void> {
    await CancellationScope.cancellable(async () => {
      this.story = CancellationScope.current();
      if (this.request) this.story.cancel();
      await story();
    });
    if (this.isAsked) throw new CancelledFailure('stopped while the last step ended');
  }

  /** The story was cancelled: natively, if no signal had asked for it. */
  noteCancellation(): void {
    this.request ??= { outcome: 'cancelled', policy: this.onCancel, isNamed: false, native: true };
    this.status.timings.stopRequestedAt ??= new Date().toISOString();
  }

  private hearCancel(payload: unknown): void {
    const { reason, cleanup } = readStopRequest(payload);
    const policy = cleanup ?? this.onCancel;
    this.stop({ outcome: 'cancelled', policy, isNamed: cleanup !== undefined, reason, native: false });
  }

  private hearForceDelete(payload: unknown): void {
    const { reason } = readStopRequest(payload);
    this.stop({ outcome: 'deleted', policy: 'force-delete', isNamed: true, reason, native: false });
  }

  private stop(request: StopRequest): void {
    if (this.request && request.outcome !== 'deleted') return;
    this.request = { ...request, native: this.request?.native ?? false };
    this.status.reason = request.reason ?? this.status.reason;
    this.status.timings.stopRequestedAt ??= new Date().toISOString();
    this.story?.cancel();
  }
}
