import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { acceptBatch } from '../batch/accept-batch';
import type { BatchStatus } from '../contracts/batch/batch-status';
import {
  ASSET_BATCH,
  batchIdOf,
  batchWorkflowId,
  CANCEL_SIGNAL,
  FORCE_DELETE_SIGNAL,
  PAUSE_SIGNAL,
  RESUME_SIGNAL,
  SET_IN_FLIGHT_UPDATE,
  STATUS_QUERY,
  WORKFLOW_TASK_QUEUE,
} from '../contracts/ids';
import type { CancelRequest, ForceDeleteRequest } from '../contracts/messages';
import { BatchNotFound, InvalidInput, LifecycleNotFound } from '../temporal/errors';
import type { LifecycleCalls } from './lifecycle-calls';
import { checkedInput } from './start/checked-input';

/** A batch that is running, or ran. */
export interface StartedBatch {
  batchId: string;
  workflowId: string;
  runId: string;
  /** True if this start joined the running batch of that id. */
  joined: boolean;
}

/** A batch in a list. */
export interface BatchSummary {
  batchId: string;
  workflowId: string;
  open: boolean;
  startedAt: string;
  closedAt?: string;
}

/** Time between two looks at a batch's status. */
const WATCH_EVERY_MS = 1000;

/** Starts, follows and stops batches. Every status has the shape {@link BatchStatus}. */
export class Batches {
  constructor(private readonly calls: LifecycleCalls) {}

  /**
   * Starts a batch, or joins the running one of its id. One that has closed is started again, and goes on with what is not
   * completed. Safe to repeat.
   * @throws InvalidInput before anything is started
   */
  async start(input: { batchId: string } & Readonly<Record<string, unknown>>): Promise<StartedBatch> {
    const { batchId } = checkedInput(() => acceptBatch(input));
    if (batchId === undefined) throw new InvalidInput('batchId: is missing; it names the batch for ever');
    const workflowId = batchWorkflowId(batchId);
    const { client } = this.calls;
    const before = await this.openRunId(batchId);
    const handle = await this.ask(batchId, () =>
      client.workflow.start(ASSET_BATCH, {
        taskQueue: WORKFLOW_TASK_QUEUE,
        workflowId,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
        args: [input],
        staticSummary: batchId,
      }),
    );
    const runId = handle.firstExecutionRunId;
    return { batchId, workflowId, runId, joined: before !== undefined && before === runId };
  }

  /** @throws BatchNotFound */
  async status(batchId: string): Promise<BatchStatus> {
    return this.ask(batchId, () => this.handle(batchId).query<BatchStatus>(STATUS_QUERY));
  }

  /** Yields the status whenever it has changed; the last one has an outcome. @throws BatchNotFound · the signal's reason */
  async *watch(batchId: string, { signal }: { signal?: AbortSignal } = {}): AsyncGenerator<BatchStatus> {
    let shown = '';
    for (;;) {
      signal?.throwIfAborted();
      const status = await this.status(batchId);
      const { itemsPerSec: _rate, secondsLeft: _left, ...facts } = status;
      const now = JSON.stringify(facts);
      if (now !== shown) yield status;
      shown = now;
      if (status.outcome) return;
      await delay(WATCH_EVERY_MS, undefined, { signal });
    }
  }

  /** Waits for the end. @throws BatchNotFound · the failure of a batch that could not be listed */
  async result(batchId: string): Promise<BatchStatus> {
    return this.ask(batchId, async () => {
      try {
        return (await this.handle(batchId).result()) as BatchStatus;
      } catch (error) {
        if (!(error instanceof WorkflowFailedError)) throw error;
        if (error.cause instanceof CancelledFailure) return this.status(batchId);
        throw error.cause ?? error;
      }
    });
  }

  /** Stops a batch: what is under way is settled, and cleaned up by policy. @throws BatchNotFound if none of that id is open */
  async cancel(batchId: string, request: CancelRequest = {}): Promise<void> {
    await this.ask(batchId, () => this.handle(batchId).signal(CANCEL_SIGNAL, request));
  }

  /** Stops a batch, and removes by force what its items under way have made. @throws BatchNotFound */
  async forceDelete(batchId: string, request: ForceDeleteRequest = {}): Promise<void> {
    await this.ask(batchId, () => this.handle(batchId).signal(FORCE_DELETE_SIGNAL, request));
  }

  /** Lets what is under way end, and starts nothing until {@link resume}. @throws BatchNotFound */
  async pause(batchId: string): Promise<void> {
    await this.ask(batchId, () => this.handle(batchId).signal(PAUSE_SIGNAL));
  }

  /** @throws BatchNotFound */
  async resume(batchId: string): Promise<void> {
    await this.ask(batchId, () => this.handle(batchId).signal(RESUME_SIGNAL));
  }

  /** Sets how many items may be under way at once. @throws BatchNotFound */
  async setInFlight(batchId: string, inFlight: number): Promise<void> {
    const update = { args: [inFlight] as [number] };
    await this.ask(batchId, () => this.handle(batchId).executeUpdate<number, [number]>(SET_IN_FLIGHT_UPDATE, update));
  }

  /** Batches of all providers, newest first, from Temporal's visibility, which may lag by about a second. */
  async *list(): AsyncGenerator<BatchSummary> {
    const runs = this.calls.client.workflow.list({ query: `WorkflowType = '${ASSET_BATCH}'` })[Symbol.asyncIterator]();
    const seen = new Set<string>();
    for (;;) {
      const next = await this.calls.withClientErrors(() => runs.next());
      if (next.done) return;
      const { workflowId, status, startTime, closeTime } = next.value;
      if (seen.has(workflowId)) continue; // an earlier run of the same batch
      seen.add(workflowId);
      const batchId = batchIdOf(workflowId) ?? workflowId;
      const open = status.name === 'RUNNING';
      yield { batchId, workflowId, open, startedAt: startTime.toISOString(), closedAt: closeTime?.toISOString() };
    }
  }

  private async openRunId(batchId: string): Promise<string | undefined> {
    try {
      const run = await this.ask(batchId, () => this.handle(batchId).describe());
      if (run.status.name !== 'RUNNING') return undefined;
      return run.raw.workflowExecutionInfo?.firstRunId ?? run.runId;
    } catch (error) {
      if (error instanceof BatchNotFound) return undefined;
      throw error;
    }
  }

  private handle(batchId: string): WorkflowHandle {
    return this.calls.client.workflow.getHandle(batchWorkflowId(batchId));
  }

  private async ask<T>(batchId: string, call: () => Promise<T>): Promise<T> {
    try {
      return await this.calls.withClientErrors(call, batchId);
    } catch (error) {
      throw error instanceof LifecycleNotFound ? new BatchNotFound(`no open batch has the id "${batchId}"`) : error;
    }
  }
}
