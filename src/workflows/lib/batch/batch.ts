import {
  CancellationScope,
  condition,
  continueAsNew,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type {
  BatchActivities,
  BatchOutcome,
  BatchStatus,
  BatchToRun,
  ListedBatch,
  PlannedGroups,
} from '../../../contracts/batch/batch-status';
import type { CleanupPolicy } from '../../../contracts/cleanup-policy';
import { MOST_FAILURES_SHOWN, type GroupEnd, type GroupInput } from '../../../contracts/batch/groups';
import { addCounts, NO_COUNTS, type BatchCounts, type ItemRange } from '../../../contracts/batch/item-outcome';
import { ASSET_GROUP, groupWorkflowId } from '../../../contracts/ids';
import { batchStep } from '../activity-options';
import { batchStatusQuery, groupEndedSignal, pauseSignal, resumeSignal, setInFlightUpdate } from './messages';
import { BatchStop } from './batch-stop';
import { wordsOfCounts } from './words';

/** What a run of a batch hands on to the next. */
export interface CarriedBatch {
  batch: BatchToRun;
  listed: ListedBatch;
  status: BatchStatus;
  next: number;
  planned: PlannedGroups['groups'];
  open: ItemRange[];
  ended: BatchCounts;
  paused: boolean;
  startsNothing: boolean;
}

/** Starts of groups in one run: a run has at most 2,000 children, and each costs about ten events. */
const MOST_GROUPS_A_RUN = 500;
const MOST_OPEN_GROUPS = 1000;
/** Groups that were not heard of for so long are looked at. */
const OVERDUE_MS = 10 * 60_000;

/** A batch as its story sees it. */
export class Batch {
  private readonly status: BatchStatus;
  private readonly stop: BatchStop;
  private readonly open = new Map<number, ItemRange>();
  private listed: ListedBatch | undefined;
  private next: number;
  private planned: PlannedGroups['groups'];
  private ended: BatchCounts;
  private paused: boolean;
  private startsNothing: boolean;
  private startedHere = 0;

  constructor(
    private readonly batch: BatchToRun,
    carried: CarriedBatch | undefined,
  ) {
    const { startTime } = workflowInfo();
    const { batchId, provider, inFlight } = batch;
    this.status = carried?.status ?? {
      ...{ batchId, provider, phase: 'listing', counts: NO_COUNTS, refused: 0, totalBytes: 0, groups: 0, inFlight },
      failures: [],
      timings: { startedAt: startTime.toISOString() },
    };
    this.listed = carried?.listed;
    this.next = carried?.next ?? 0;
    this.planned = carried?.planned ?? [];
    this.ended = carried?.ended ?? NO_COUNTS;
    this.paused = carried?.paused ?? false;
    this.startsNothing = carried?.startsNothing ?? false;
    for (const range of carried?.open ?? []) this.open.set(range.from, range);
    this.hearMessages();
    this.stop = new BatchStop(this.status, () => this.open.values());
    this.show();
  }

  /** Lists the items, once for all runs. */
  async list(): Promise<void> {
    if (this.listed || this.stop.request) return;
    const { batch } = this;
    const { listItems } = proxyActivities<BatchActivities>({
      ...batchStep(batch.provider, batch.fileQueue),
      summary: batch.batchId,
    });
    this.listed = await listItems({ batch, start: workflowInfo().firstExecutionRunId });
    const { refused, bytes, uri } = this.listed;
    Object.assign(this.status, { refused, totalBytes: bytes, uri });
    this.status.timings.listedAt = new Date().toISOString();
    this.show();
  }

  /** Waits for room in the window. False once all groups have been started, or no more are to be. */
  async mayStartMore(): Promise<boolean> {
    for (;;) {
      if (this.stop.request || this.startsNothing) return false;
      if (this.planned.length === 0 && !(await this.plan())) return false;
      if (!this.paused && this.hasRoom) return true;
      await this.untilSomethingHappens(() => this.stop.isAsked || this.startsNothing || (!this.paused && this.hasRoom));
    }
  }

  /** Starts the next group, or takes up the one that runs under its id. */
  async startNextGroup(): Promise<void> {
    const next = this.planned.shift();
    if (!next || !this.listed) return;
    const { from, end } = next;
    this.open.set(from, { from, end });
    this.startedHere += 1;
    const { batchId, provider, storeId, start } = this.listed;
    const { failureMode, each } = this.batch;
    const { onCancel } = (each.cleanup ?? {}) as { onCancel?: CleanupPolicy };
    const { workflowId } = workflowInfo();
    const stopsAtFailure = failureMode === 'FailAfterOne';
    const input: GroupInput = {
      batchId,
      provider,
      storeId,
      start,
      ...next,
      batchWorkflowId: workflowId,
      stopsAtFailure,
      onCancel,
    };
    try {
      await CancellationScope.nonCancellable(() =>
        startChild(ASSET_GROUP, {
          workflowId: groupWorkflowId(batchId, from),
          args: [input],
          parentClosePolicy: ParentClosePolicy.ABANDON,
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          staticSummary: `${batchId} · items ${from} to ${end - 1}`,
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error; // it runs already: it will tell its end
    }
    this.show();
  }

  /** Waits for news. False once every group has ended. */
  async hasOpenGroups(): Promise<boolean> {
    if (this.open.size === 0) return false;
    const before = this.open.size;
    await this.untilSomethingHappens(() => this.open.size < before || this.stop.isAsked);
    return this.open.size > 0;
  }

  /** Keeps the history short. */
  async goOnInNewRun(input: unknown): Promise<void> {
    await this.stop.passOn();
    if (!this.listed || this.stop.request) return;
    if (!workflowInfo().continueAsNewSuggested && this.startedHere < MOST_GROUPS_A_RUN) return;
    const { batch, listed, status, next, planned, ended, paused, startsNothing } = this;
    const open = [...this.open.values()];
    const carried: CarriedBatch = { batch, listed, status, next, planned, open, ended, paused, startsNothing };
    await continueAsNew(input, carried);
  }

  async close(): Promise<BatchStatus> {
    if (this.listed) {
      const { batchId, provider, storeId, start } = this.listed;
      const { closeBatch } = this.steps();
      await CancellationScope.nonCancellable(() => closeBatch({ batchId, provider, storeId, start }));
    }
    const { status } = this;
    status.outcome = this.stop.outcome ?? this.verdict();
    status.phase = status.outcome;
    status.timings.closedAt = new Date().toISOString();
    this.show();
    return status;
  }

  private verdict(): BatchOutcome {
    const { by, items } = this.ended;
    return by.completed === items && !this.startsNothing ? 'completed' : 'failed';
  }

  private get hasRoom(): boolean {
    if (this.open.size === 0) return true;
    if (this.open.size >= MOST_OPEN_GROUPS) return false;
    const [next] = this.planned;
    const items = [next, ...this.open.values()].reduce((sum, one) => sum + (one ? one.end - one.from : 0), 0);
    return items <= this.status.inFlight;
  }

  /** Cuts the next items into groups. False if there are none. */
  private async plan(): Promise<boolean> {
    while (this.listed && this.planned.length === 0 && this.next < this.listed.items) {
      const { batchId, provider, storeId, start, items } = this.listed;
      const { planGroups } = this.steps();
      const plan = await planGroups({ batchId, provider, storeId, start, from: this.next, end: items });
      this.next = plan.next;
      this.planned = plan.groups;
      this.ended = addCounts(this.ended, plan.completed);
    }
    return this.planned.length > 0;
  }

  private async untilSomethingHappens(isSo: () => boolean): Promise<void> {
    try {
      const wait = (): Promise<boolean> => condition(isSo, OVERDUE_MS);
      const happened = this.stop.request ? CancellationScope.nonCancellable(wait) : wait();
      if (await happened) return await this.stop.passOn();
    } catch (error) {
      if (!this.stop.noteNative(error)) throw error;
      return this.stop.passOn();
    }
    await this.lookAtOverdue();
  }

  /** A group that was ended from outside tells nobody. */
  private async lookAtOverdue(): Promise<void> {
    if (!this.listed || this.open.size === 0) return;
    const { batchId, provider, storeId, start } = this.listed;
    const groups = [...this.open.values()];
    const { lookAtGroups } = this.steps();
    const look = (): ReturnType<typeof lookAtGroups> => lookAtGroups({ batchId, provider, storeId, start, groups });
    for (const { open, ...end } of await CancellationScope.nonCancellable(look)) if (!open) this.noteEnd(end);
  }

  private steps() {
    return proxyActivities<BatchActivities>({ ...batchStep(this.batch.provider), summary: this.batch.batchId });
  }

  private noteEnd({ from, counts, failures }: GroupEnd): void {
    if (!this.open.delete(from)) return;
    this.ended = addCounts(this.ended, counts);
    this.status.failures = [...this.status.failures, ...failures].slice(-MOST_FAILURES_SHOWN);
    if (this.batch.failureMode === 'FailAfterOne' && (counts.by.failed ?? 0) > 0) this.startsNothing = true;
    this.show();
  }

  private hearMessages(): void {
    setHandler(batchStatusQuery, () => this.status, {
      description: 'Counts, rate, newest failures, where the report is.',
    });
    setHandler(groupEndedSignal, (end) => this.noteEnd(end), { description: 'Sent by its groups.' });
    setHandler(pauseSignal, () => this.pause(true), { description: 'Lets what is under way end, and starts nothing.' });
    setHandler(resumeSignal, () => this.pause(false), { description: 'Goes on after a pause.' });
    setHandler(
      setInFlightUpdate,
      (inFlight) => {
        this.status.inFlight = inFlight;
        return inFlight;
      },
      {
        description: 'Sets how many items may be under way at once.',
        validator: (inFlight) => {
          if (!Number.isInteger(inFlight) || inFlight < 1) throw new Error('inFlight: must be a whole number from 1');
        },
      },
    );
  }

  private pause(paused: boolean): void {
    this.paused = paused;
    this.show();
  }

  private show(): void {
    const { status, ended, open } = this;
    const underWay = [...open.values()].reduce((sum, { from, end }) => sum + end - from, 0);
    const items = this.listed?.items ?? 0;
    const by: Record<string, number> = { ...ended.by };
    const pending = items - ended.items - underWay + (ended.by.pending ?? 0);
    if (pending > 0) by.pending = pending;
    if (underWay > 0) by['under way'] = underWay;
    status.counts = { items, by, bytes: ended.bytes };
    status.groups = open.size;
    if (!status.outcome && this.listed)
      status.phase = this.stop?.request ? 'stopping' : this.paused ? 'paused' : 'running';
    const { listedAt } = status.timings;
    const seconds = listedAt === undefined ? 0 : (Date.now() - Date.parse(listedAt)) / 1000;
    if (seconds > 0 && ended.items > 0) {
      status.itemsPerSec = ended.items / seconds;
      status.secondsLeft = (items - ended.items) / status.itemsPerSec;
    }
    setCurrentDetails(
      `**${status.phase}**: ${status.batchId}\n\n${wordsOfCounts(status)}${status.uri ? `\n\n${status.uri}` : ''}`,
    );
  }
}
