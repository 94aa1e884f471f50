import { CancellationScope, setHandler } from '@temporalio/workflow';
import type { ItemRange } from '../../../contracts/batch/item-outcome';
import { CANCEL_SIGNAL, FORCE_DELETE_SIGNAL } from '../../../contracts/ids';
import { readStopRequest, type CancelRequest } from '../../../contracts/messages';
import { cancelSignal, forceDeleteSignal } from '../status';
import { endsLifecycle } from '../step-failures';
import { signalGroup } from './group-starts';

/** How a batch was asked to stop. */
export interface BatchStopRequest extends CancelRequest {
  signal: typeof CANCEL_SIGNAL | typeof FORCE_DELETE_SIGNAL;
}

interface Stopped {
  batchId: string;
  open: () => Iterable<ItemRange>;
  /** Waits for the start of the group at that item, if one is under way. */
  confirmed: (from: number) => Promise<void>;
  onRequest: (reason: string | undefined) => void;
}

/** Hears that a batch is to stop, and tells all of its open groups, whichever run started them. */
export class BatchStop {
  private readonly run = CancellationScope.current();
  private told: BatchStopRequest | undefined;
  private step: CancellationScope | undefined;

  /** @param request of an earlier run of the batch, which has told its groups. */
  constructor(
    private readonly batch: Stopped,
    public request: BatchStopRequest | undefined,
  ) {
    this.told = request;
    if (request) batch.onRequest(request.reason);
    setHandler(cancelSignal, (payload) => this.ask({ signal: CANCEL_SIGNAL, ...readStopRequest(payload) }), {
      description: 'Stops the batch: what is under way ends and is cleaned up.',
    });
    setHandler(forceDeleteSignal, (payload) => this.ask({ signal: FORCE_DELETE_SIGNAL, ...readStopRequest(payload) }), {
      description: 'Stops the batch and removes what its items under way have made, by force.',
    });
  }

  /** A cancellation of the workflow is a stop as well; it interrupts nothing that is not waited for at that moment. */
  heedCancellation(): void {
    if (!this.request && this.run.consideredCancelled) this.ask({ signal: CANCEL_SIGNAL });
  }

  /** True while the groups have not been told. */
  get isAsked(): boolean {
    return this.request !== this.told;
  }

  get outcome(): 'cancelled' | 'deleted' | undefined {
    return this.request && (this.request.signal === CANCEL_SIGNAL ? 'cancelled' : 'deleted');
  }

  /**
   * Runs a step that a stop ends; `undefined` if one did. One whose worker died while it was being cancelled ends by its
   * timeout.
   */
  async unlessStopped<T>(step: () => Promise<T>): Promise<T | undefined> {
    this.heedCancellation();
    if (this.request) return undefined;
    try {
      return await CancellationScope.cancellable(() => {
        this.step = CancellationScope.current();
        return step();
      });
    } catch (error) {
      if (!endsLifecycle(error)) throw error;
      this.heedCancellation();
      if (!this.request) throw error;
      return undefined;
    } finally {
      this.step = undefined;
    }
  }

  /** Tells the open groups; one that has ended meanwhile does not mind. */
  async passOn(): Promise<void> {
    const { request } = this;
    if (!request || request === this.told) return;
    this.told = request;
    const groups = [...this.batch.open()];
    await CancellationScope.nonCancellable(() => Promise.all(groups.map((group) => this.tell(group))));
  }

  /** Tells one group, once it has been started. */
  async tell({ from }: ItemRange): Promise<void> {
    await this.batch.confirmed(from);
    if (!this.request) return;
    const { signal, ...payload } = this.request;
    await signalGroup(this.batch.batchId, from, signal, payload);
  }

  /** The first request counts, except that a `forceDelete` may still follow a cancel. */
  private ask(request: BatchStopRequest): void {
    if (this.request && (request.signal !== FORCE_DELETE_SIGNAL || this.request.signal === FORCE_DELETE_SIGNAL)) return;
    this.request = request;
    this.batch.onRequest(request.reason);
    this.step?.cancel();
  }
}
