import { setTimeout as delay } from 'node:timers/promises';
import {
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import { acceptBatch, acceptBatchDeletion } from '../../batch/accept-batch';
import type { BatchDeletionInput } from '../../contracts/batch/batch-deletion';
import { BATCH_FIELDS } from '../../contracts/batch/batch-input';
import { checkAgainst } from '../../contracts/lifecycle-input';
import type { BatchStatus } from '../../contracts/batch/batch-status';
import type { BatchIndex } from '../../contracts/batch/listed-items';
import {
  ASSET_BATCH,
  ASSET_BATCH_DELETION,
  batchWorkflowId,
  CANCEL_SIGNAL,
  FORCE_DELETE_SIGNAL,
  groupWorkflowId,
  PAUSE_SIGNAL,
  RESUME_SIGNAL,
  SET_IN_FLIGHT_UPDATE,
  STATUS_QUERY,
  WORKFLOW_TASK_QUEUE,
} from '../../contracts/ids';
import type { CancelRequest, ForceDeleteRequest } from '../../contracts/messages';
import { failuresByCause, reportEntries, type FailureCause, type ReportEntry } from '../../batch/report';
import { entriesOf, readIndex } from '../../batch/read-batch';
import {
  BatchClosed,
  BatchNotFound,
  BatchRunning,
  InvalidInput,
  LifecycleNotFailed,
  LifecycleNotFound,
} from '../../temporal/errors';
import { grpcCodeOf } from '../../temporal/grpc-errors';
import type { LifecycleCalls } from '../lifecycle-calls';
import { checkedInput } from '../start/checked-input';
import { closedBatchStatus, firstRunIdOf, keptBatchStatus, unansweredStatus, type BatchSummary } from './batch-runs';
import { inputToGoOn, lastStartOf } from './batch-starts';
import type { ClientStore, KeptBatch } from './client-store';
import { listBatches } from './list-batches';
import { batchUploadResult, type BatchUploadResult } from './upload-result';

/** A batch that is running, or ran. */
export interface StartedBatch {
  batchId: string;
  workflowId: string;
  /** Of the start: a batch of many groups goes on in further runs. */
  runId: string;
  /** True if this start joined the running batch of that id. */
  joined: boolean;
}

/** How a batch is removed by force. */
export interface ForceDeleteBatchRequest extends ForceDeleteRequest {
  /** Also what items that have ended have made, and of a closed batch all of them. */
  all?: boolean;
}

/** Time between two looks at a batch's status. */
const WATCH_EVERY_MS = 1000;
/** How long to wait for the answer of a running batch before its status is read from the store. */
const QUERY_TIMEOUT_MS = 5000;

/** Starts, follows and stops batches. Every status has the shape {@link BatchStatus}. */
export class Batches {
  constructor(
    private readonly calls: LifecycleCalls,
    private readonly store: ClientStore,
  ) {}

  /**
   * Starts a batch, or joins the running one of its id. One that has closed is started again, and goes on with what is not
   * completed. Safe to repeat.
   * @throws InvalidInput before anything is started · BatchRunning while what its items have made is being removed
   */
  async start(input: { batchId: string } & Readonly<Record<string, unknown>>): Promise<StartedBatch> {
    const { batchId } = checkedInput(() => acceptBatch(input));
    if (batchId === undefined) throw new InvalidInput('batchId: is missing; it names the batch for ever');
    const workflowId = batchWorkflowId(batchId);
    for (;;) {
      const runId = await this.ask(batchId, () => this.startRun(batchId, ASSET_BATCH, input));
      if (runId !== undefined) return { batchId, workflowId, runId, joined: false };
      const run = await this.describe(batchId);
      if (run.status.name !== 'RUNNING') continue;
      if (run.type !== ASSET_BATCH_DELETION) {
        return { batchId, workflowId, runId: firstRunIdOf(run), joined: true };
      }
      throw new BatchRunning(`batch "${batchId}" is being removed; start it again once that has ended`);
    } // it has closed meanwhile
  }

  /**
   * Takes up what a closed batch has not completed, also what failed: a new run with the batch's own input, whatever a start
   * that was refused has named. One that Temporal has forgotten goes on by what the store keeps of it.
   * @throws BatchNotFound · BatchRunning · LifecycleNotFailed if everything has completed
   */
  async retry(batchId: string): Promise<StartedBatch> {
    const { outcome } = await this.status(batchId);
    if (outcome === undefined) {
      throw new BatchRunning(`batch "${batchId}" is running; wait for its end, or stop it, before it is retried`);
    }
    if (outcome === 'completed') {
      throw new LifecycleNotFailed(`batch "${batchId}" has completed; there is nothing to retry`);
    }
    const [run, kept] = [await this.lastRun(batchId), await this.kept(batchId)];
    const input = await this.ask(batchId, () => inputToGoOn(this.calls.client, batchId, { run, kept }));
    return this.start({ ...input, batchId });
  }

  /**
   * Status of a batch, also of one that has closed. Where no worker answers, or Temporal has forgotten the batch, it is what
   * the store tells.
   * @throws BatchNotFound
   */
  async status(batchId: string): Promise<BatchStatus> {
    const run = await this.lastRun(batchId);
    if (run) return run.status.name === 'RUNNING' ? this.statusOfRunning(batchId) : this.statusOfClosed(batchId, run);
    const kept = await this.kept(batchId);
    const status = kept && (await keptBatchStatus(batchId, kept));
    if (status) return status;
    throw notFound(batchId);
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

  /** Waits for the end, and gives the final status, also of a batch that could not be listed. @throws BatchNotFound */
  async result(batchId: string): Promise<BatchStatus> {
    try {
      return await this.ask(batchId, () => this.handle(batchId).result() as Promise<BatchStatus>);
    } catch (error) {
      if (!(error instanceof WorkflowFailedError) && !(error instanceof BatchNotFound)) throw error;
      return this.status(batchId);
    }
  }

  /**
   * Every entry of a batch in the order of its list: what could be no item and why, and of each item what became of it, or
   * how far it is. Streamed, so that a batch of any size fits into memory. Kept for 30 days after the batch closed.
   * @throws BatchNotFound if it is not in this client's store · InvalidInput for a client without a store
   */
  async *report(batchId: string): AsyncGenerator<ReportEntry> {
    const { kept, index, start } = await this.listed(batchId);
    yield* reportEntries(kept, index, start);
  }

  /** The failures of a batch, and what could be no item, grouped by cause; the most frequent first. @throws as the report */
  async failures(batchId: string): Promise<FailureCause[]> {
    return failuresByCause(this.report(batchId));
  }

  /** The batch in the terms of an upload of many files. @throws as the report */
  async uploadResult(batchId: string): Promise<BatchUploadResult> {
    const { kept, index, start } = await this.listed(batchId);
    return batchUploadResult(reportEntries(kept, index, start), entriesOf(kept.files, index));
  }

  /** Stops a batch: what is under way is settled, and cleaned up by policy. @throws BatchNotFound · BatchClosed */
  async cancel(batchId: string, request: CancelRequest = {}): Promise<void> {
    await this.tell(batchId, (batch) => batch.signal(CANCEL_SIGNAL, request));
  }

  /**
   * Stops a batch, and removes by force what its items under way have made; with `all` what any of its items has made or
   * adopted, also once the batch has closed. That begins once a running batch has ended, which is waited for.
   * @throws BatchNotFound, also with `all` if the store has no list of it · BatchClosed without `all` · InvalidInput
   */
  async forceDelete(batchId: string, { all = false, reason }: ForceDeleteBatchRequest = {}): Promise<void> {
    const advice =
      '"force-delete <key>" removes what one of its items has made, "force-delete" with all (--all) of all';
    if (!all) return this.tell(batchId, (batch) => batch.signal(FORCE_DELETE_SIGNAL, { reason }), advice);
    for (;;) {
      const status = await this.status(batchId);
      const run = await this.lastRun(batchId);
      const isRunning = run?.status.name === 'RUNNING';
      if (isRunning && run.type === ASSET_BATCH_DELETION) {
        if (status.phase !== 'stopping') return;
        await this.result(batchId); // it leaves the rest
        continue;
      }
      const input = { batchId, provider: status.provider, reason };
      checkedInput(() => acceptBatchDeletion(input));
      if (!isRunning) {
        if ((await this.hasMadeNothing(status)) || (await this.startDeletion(input))) return;
        continue;
      }
      if (status.uri !== undefined && this.store.isThere) await this.listed(batchId); // not stopped for nothing
      await this.endByForce(batchId, reason);
    }
  }

  /** Lets what is under way end, and starts nothing until {@link resume}. @throws BatchNotFound · BatchClosed */
  async pause(batchId: string): Promise<void> {
    await this.tell(batchId, (batch) => batch.signal(PAUSE_SIGNAL));
  }

  /** Goes on with a paused batch. @throws BatchNotFound · BatchClosed */
  async resume(batchId: string): Promise<void> {
    await this.tell(batchId, (batch) => batch.signal(RESUME_SIGNAL));
  }

  /**
   * Sets how many items may be under way at once, from 1 to 50,000.
   * @throws InvalidInput · BatchNotFound · BatchClosed
   */
  async setInFlight(batchId: string, inFlight: number): Promise<void> {
    checkedInput(() => checkAgainst(BATCH_FIELDS.inFlight, 'inFlight', inFlight));
    const update = { args: [inFlight] as [number] };
    await this.tell(batchId, (batch) => batch.executeUpdate<number, [number]>(SET_IN_FLIGHT_UPDATE, update));
  }

  /** Batches of all providers, newest first, from Temporal's visibility, which may lag by about a second. */
  list(): AsyncGenerator<BatchSummary> {
    return listBatches(this.calls);
  }

  private async statusOfRunning(batchId: string): Promise<BatchStatus> {
    const { client } = this.calls;
    try {
      return await client.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () =>
        this.handle(batchId).query<BatchStatus>(STATUS_QUERY),
      );
    } catch (error) {
      const isUnanswered = error instanceof ServiceError || grpcCodeOf(error) !== undefined;
      if (!isUnanswered && !(error instanceof WorkflowNotFoundError)) throw error;
      const run = await this.describe(batchId);
      if (run.status.name !== 'RUNNING') return this.statusOfClosed(batchId, run);
      return unansweredStatus(client, run, batchId, await this.kept(batchId));
    }
  }

  private async statusOfClosed(batchId: string, run: WorkflowExecutionDescription): Promise<BatchStatus> {
    const kept = await this.kept(batchId);
    return this.ask(batchId, () => closedBatchStatus(this.calls.client, run, batchId, kept));
  }

  private async kept(batchId: string): Promise<KeptBatch | undefined> {
    return this.store.isThere ? this.store.batch(batchId) : undefined;
  }

  /** What the report of a batch is read from. @throws as the report */
  private async listed(batchId: string): Promise<{ kept: KeptBatch; index: BatchIndex; start: string | undefined }> {
    const kept = await this.store.batch(batchId);
    if ((await kept.files.index()) === undefined) throw await this.notKept(batchId, kept);
    const run = await this.lastRun(batchId);
    const start = await lastStartOf(kept, run && firstRunIdOf(run));
    return { kept, index: await readIndex(kept.files), start };
  }

  /** True of a batch that was stopped before any start of it had listed its items, and so begun its first group. */
  private async hasMadeNothing(status: BatchStatus): Promise<boolean> {
    if (!this.store.isThere || !wasStoppedUnlisted(status)) return false;
    const { client } = this.calls;
    try {
      await this.ask(status.batchId, () => client.workflow.getHandle(groupWorkflowId(status.batchId, 0)).describe());
      return false;
    } catch (error) {
      if (!(error instanceof BatchNotFound)) throw error;
      return true;
    }
  }

  private async notKept(batchId: string, { files }: KeptBatch): Promise<BatchNotFound> {
    const status = await this.status(batchId);
    const { phase, uri, error } = status;
    if (error) return new BatchNotFound(`batch "${batchId}" was not listed: ${error.message}`);
    if (phase === 'listing')
      return new BatchNotFound(`batch "${batchId}" is being listed; there is nothing to report yet`);
    if (wasStoppedUnlisted(status))
      return new BatchNotFound(`batch "${batchId}" was stopped before its items were listed; there is nothing of it`);
    return new BatchNotFound(
      `batch "${batchId}" is not in ${files.uri}${uri === undefined ? '' : ` but in ${uri}`}: its workers have another ` +
        'store, or it was removed 30 days after its end; name the store of the workers in ASSET_LIFECYCLE_RESULTS',
    );
  }

  /** `undefined` once Temporal has forgotten the batch. */
  private async lastRun(batchId: string): Promise<WorkflowExecutionDescription | undefined> {
    try {
      return await this.describe(batchId);
    } catch (error) {
      if (error instanceof BatchNotFound) return undefined;
      throw error;
    }
  }

  /** @returns false if the batch runs by now */
  private async startDeletion(input: BatchDeletionInput): Promise<boolean> {
    const { batchId } = input;
    const { provider } = this.store.isThere ? (await this.listed(batchId)).index : input;
    const its = { ...input, provider };
    return (await this.ask(batchId, () => this.startRun(batchId, ASSET_BATCH_DELETION, its))) !== undefined;
  }

  /** Ends a running batch, and waits for its end. */
  private async endByForce(batchId: string, reason: string | undefined): Promise<void> {
    try {
      await this.forceDelete(batchId, { reason });
      await this.result(batchId);
    } catch (error) {
      if (!(error instanceof BatchClosed)) throw error;
    }
  }

  /** @returns its id; `undefined` if the batch is running, or is being removed */
  private async startRun(
    batchId: string,
    type: typeof ASSET_BATCH | typeof ASSET_BATCH_DELETION,
    input: unknown,
  ): Promise<string | undefined> {
    try {
      const handle = await this.calls.client.workflow.start(type, {
        taskQueue: WORKFLOW_TASK_QUEUE,
        workflowId: batchWorkflowId(batchId),
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        args: [input],
        staticSummary: type === ASSET_BATCH ? batchId : `delete ${batchId}`,
      });
      return handle.firstExecutionRunId;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
      throw error;
    }
  }

  private async describe(batchId: string): Promise<WorkflowExecutionDescription> {
    return this.ask(batchId, () => this.handle(batchId).describe());
  }

  /** @throws BatchNotFound · BatchClosed */
  private async tell(
    batchId: string,
    message: (batch: WorkflowHandle) => Promise<unknown>,
    adviceIfClosed = '"retry" takes up what it has not completed',
  ): Promise<void> {
    try {
      await this.ask(batchId, () => message(this.handle(batchId)));
    } catch (error) {
      if (!(error instanceof BatchNotFound)) throw error;
      await this.status(batchId);
      throw new BatchClosed(`batch "${batchId}" has ended; ${adviceIfClosed}`);
    }
  }

  private handle(batchId: string): WorkflowHandle {
    return this.calls.client.workflow.getHandle(batchWorkflowId(batchId));
  }

  private async ask<T>(batchId: string, call: () => Promise<T>): Promise<T> {
    try {
      return await this.calls.withClientErrors(call, batchId);
    } catch (error) {
      throw error instanceof LifecycleNotFound ? notFound(batchId) : error;
    }
  }
}

const wasStoppedUnlisted = ({ outcome, uri }: BatchStatus): boolean =>
  (outcome === 'cancelled' || outcome === 'deleted') && uri === undefined;

const notFound = (batchId: string): BatchNotFound => new BatchNotFound(`no batch has the id "${batchId}"`);
