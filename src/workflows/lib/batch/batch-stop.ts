import { CancellationScope, getExternalWorkflowHandle, isCancellation, setHandler } from '@temporalio/workflow';
import type { BatchStatus } from '../../../contracts/batch/batch-status';
import type { ItemRange } from '../../../contracts/batch/item-outcome';
import { CANCEL_SIGNAL, FORCE_DELETE_SIGNAL, groupWorkflowId } from '../../../contracts/ids';
import { readStopRequest, type CancelRequest } from '../../../contracts/messages';
import { cancelSignal, forceDeleteSignal } from '../status';

interface Request extends CancelRequest {
  signal: typeof CANCEL_SIGNAL | typeof FORCE_DELETE_SIGNAL;
}

/** Hears that a batch is to stop, and tells all of its open groups, whichever run started them. */
export class BatchStop {
  request: Request | undefined;
  private told: Request | undefined;

  constructor(
    private readonly status: BatchStatus,
    private readonly open: () => Iterable<ItemRange>,
  ) {
    setHandler(cancelSignal, (payload) => this.ask({ signal: CANCEL_SIGNAL, ...readStopRequest(payload) }), {
      description: 'Stops the batch: what is under way ends and is cleaned up.',
    });
    setHandler(forceDeleteSignal, (payload) => this.ask({ signal: FORCE_DELETE_SIGNAL, ...readStopRequest(payload) }), {
      description: 'Stops the batch and removes what its items under way have made, by force.',
    });
  }

  /** True while the groups have not been told. */
  get isAsked(): boolean {
    return this.request !== this.told;
  }

  get outcome(): 'cancelled' | 'deleted' | undefined {
    return this.request && (this.request.signal === CANCEL_SIGNAL ? 'cancelled' : 'deleted');
  }

  /** @returns false for an error that is no cancellation of the batch */
  noteNative(error: unknown): boolean {
    if (!isCancellation(error)) return false;
    this.ask({ signal: CANCEL_SIGNAL });
    return true;
  }

  /** Tells the open groups; one that has ended meanwhile does not mind. */
  async passOn(): Promise<void> {
    const { request } = this;
    if (!request || request === this.told) return;
    this.told = request;
    const { signal, ...payload } = request;
    const groups = [...this.open()].map(({ from }) => groupWorkflowId(this.status.batchId, from));
    await CancellationScope.nonCancellable(() =>
      Promise.all(
        groups.map((id) =>
          getExternalWorkflowHandle(id)
            .signal(signal, payload)
            .catch(() => {}),
        ),
      ),
    );
  }

  private ask(request: Request): void {
    if (this.request && request.signal !== FORCE_DELETE_SIGNAL) return;
    this.request = request;
    this.status.reason = request.reason ?? this.status.reason;
    this.status.phase = 'stopping';
  }
}
