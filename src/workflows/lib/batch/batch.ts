import { CancellationScope, condition, continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../../../contracts/activities';
import type {
  BatchActivities,
  BatchOutcome,
  BatchStatus,
  BatchToRun,
  ListedBatch,
  PlannedGroups,
} from '../../../contracts/batch/batch-status';
import { listedFrom } from '../../../contracts/batch/listed-from';
import {
  refOf,
  type FoundAssets,
  type GroupEnd,
  type GroupInput,
  type ListedBatchRef,
} from '../../../contracts/batch/groups';
import type { ItemRange } from '../../../contracts/batch/item-outcome';
import { RESUME_SIGNAL } from '../../../contracts/ids';
import { batchStep, sourceWait } from '../activity-options';
import { endsLifecycle } from '../step-failures';
import { BatchProgress, type CarriedProgress, type OpenGroup } from './batch-progress';
import { GroupLooks, UnlistedGroups, type HowHeard } from './group-looks';
import { GroupPlan, type CarriedPlan } from './group-plan';
import { hearMessages } from './hear-messages';
import { BatchStop, type BatchStopRequest } from './batch-stop';
import { GroupStarts } from './group-starts';

/** What a run of a batch hands on to the next. */
export interface CarriedBatch extends CarriedPlan {
  batch: BatchToRun;
  listed: ListedBatch;
  found?: FoundAssets;
  progress: CarriedProgress;
  startsNothing: boolean;
  stop?: BatchStopRequest;
}

/** Starts of groups in one run: a run has at most 2,000 children, and each costs about ten events. */
const MOST_GROUPS_A_RUN = 500;
const MOST_OPEN_GROUPS = 1000;

/** A batch as its story sees it. */
export class Batch {
  private readonly progress: BatchProgress;
  private readonly stop: BatchStop;
  private readonly looks: GroupLooks;
  private readonly plan: GroupPlan;
  private readonly starts = new GroupStarts();
  private listed: ListedBatch | undefined;
  private found: FoundAssets | undefined;
  private startsNothing: boolean;
  private failurePassedOn = false;
  private pausePassedOn: boolean;
  private readonly unlisted = new UnlistedGroups(() =>
    CancellationScope.nonCancellable(() => this.findEarlierGroups()),
  );
  private readonly endedOfEarlier: (ItemRange & { start: string })[] = [];
  private startedHere = 0;

  constructor(
    private readonly batch: BatchToRun,
    carried: CarriedBatch | undefined,
  ) {
    this.listed = carried?.listed;
    this.found = carried?.found;
    this.plan = new GroupPlan(carried);
    this.startsNothing = carried?.startsNothing ?? false;
    const progress = new BatchProgress(batch, carried?.progress);
    this.progress = progress;
    this.pausePassedOn = progress.isPaused;
    const { batchId } = batch;
    const onRequest = (reason: string | undefined): void => progress.noteStop(reason);
    const open = (): Iterable<ItemRange> => progress.open.values();
    const confirmed = (from: number): Promise<void> => this.starts.confirmed(from);
    this.stop = new BatchStop({ batchId, open, confirmed, onRequest }, carried?.stop);
    hearMessages(progress, (news, how) => this.hear(news, how));
    progress.show();
    this.looks = new GroupLooks({
      open: progress.open,
      isConfirmed: (from) => this.starts.isConfirmed(from),
      look: async (groups) => (this.listed ? this.steps().lookAtGroups({ ...refOf(this.listed), groups }) : []),
      hear: (end, how) => this.hear(end, how),
    });
  }

  /** Lists the items, once for all runs. */
  async list(): Promise<void> {
    if (this.listed) return;
    const { batch } = this;
    const start = workflowInfo().firstExecutionRunId;
    this.listed = await this.stop.unlessStopped(async () => {
      const { provider, batchId: summary } = batch;
      const { listItems } = proxyActivities<BatchActivities>({
        ...batchStep(provider, await this.queueToList()),
        summary,
      });
      return listItems({ batch, start });
    });
    if (!this.listed) return;
    this.progress.noteListed(this.listed);
    const ref = refOf(this.listed);
    this.found = await this.stop.unlessStopped(() => this.findExisting(ref));
  }

  /** Where the files to list lie: a worker that does not have them would refuse all of them, or the whole batch. */
  private async queueToList(): Promise<string | undefined> {
    const { provider, batchId: summary, items, fileQueue } = this.batch;
    const list = fileQueue === undefined ? listedFrom(items) : undefined;
    if (!list) return fileQueue;
    const { findSourceQueue } = proxyActivities<Activities>({ ...sourceWait(provider), summary });
    return findSourceQueue({ provider, ...list });
  }

  /** It only saves requests: where the account's list cannot be read, each item's asset is asked for. */
  private async findExisting(ref: ListedBatchRef): Promise<FoundAssets | undefined> {
    try {
      return (await this.steps().findExisting(ref)) ?? undefined;
    } catch (error) {
      if (!endsLifecycle(error)) throw error;
      return undefined;
    }
  }

  /** Waits until a group can be started, or the history is long. False once every group has ended. */
  async hasMore(): Promise<boolean> {
    for (;;) {
      await this.passOnStop();
      await this.passOnFailure();
      await this.passOnPause();
      await this.planGroups();
      await this.takeOver();
      this.stop.heedCancellation();
      if (this.stop.isAsked || this.hasFailureToPassOn || this.hasPauseToPassOn) continue;
      if (this.mayStart || this.isHistoryLong) return true;
      await this.unlisted.untilEnded(() => this.stop.isAsked);
      if (this.stop.isAsked) continue;
      const { open } = this.progress;
      if (open.size === 0 && this.endedOfEarlier.length === 0 && !(this.goesOn && this.plan.first)) return false;
      const before = open.size;
      await this.until(() => open.size < before || this.isToAct);
    }
  }

  private get isToAct(): boolean {
    if (this.mayStart || this.isHistoryLong) return true;
    return this.stop.isAsked || this.hasFailureToPassOn || this.hasPauseToPassOn;
  }

  /** Starts all groups that may start now, in one workflow task. A stop ends the wait for their starts. */
  async startNextGroups(): Promise<void> {
    while (this.mayStart && !this.isHistoryLong) void this.startNext();
    await this.until(() => this.starts.areConfirmed);
  }

  /** Starts the next group, or takes up the one that runs under its id. */
  private async startNext(): Promise<void> {
    const next = this.plan.takeFirst();
    if (!next || !this.listed) return;
    this.startedHere += 1;
    const group = this.progress.noteStarted(next);
    if (await this.starts.start(this.groupInput(this.listed, next))) return;
    group.adopted = true;
    this.looks.noteTakenUp();
  }

  /** Keeps the history short. What is still to be told or taken over comes first: the next run does not know of it. */
  async goOnInNewRun(input: unknown): Promise<void> {
    this.stop.heedCancellation();
    if (!this.listed || !this.isHistoryLong || this.stop.isAsked) return;
    if (this.endedOfEarlier.length > 0 || this.hasPauseToPassOn) return;
    const { batch, listed, found, startsNothing } = this;
    const { carried: progress } = this.progress;
    const stop = this.stop.request;
    const carried: CarriedBatch = { batch, listed, found, progress, ...this.plan.carried, startsNothing, stop };
    await continueAsNew(input, carried);
  }

  async close(): Promise<BatchStatus> {
    const { listed } = this;
    if (listed) {
      const rest = this.plan.rest(listed.items);
      const untold = this.progress.takeUntold();
      const { outcome: stopped } = this.stop;
      const more = {
        ...(rest.length > 0 && { rest }),
        ...(untold.length > 0 && { untold }),
        ...(stopped && { stopped }),
      };
      const input = { ...refOf(listed), ...more };
      const { closeBatch } = this.steps();
      const before = await CancellationScope.nonCancellable(() => closeBatch(input));
      if (before) this.progress.noteCompletedBefore(before);
      this.stop.heedCancellation(); // it may have come meanwhile, as a signal may
    }
    return this.progress.close(this.stop.outcome ?? this.verdict());
  }

  private verdict(): BatchOutcome {
    const { completed = 0 } = this.progress.ended.by;
    return completed > 0 && completed === this.listed?.items ? 'completed' : 'failed';
  }

  private get goesOn(): boolean {
    return this.listed !== undefined && !this.stop.request && !this.startsNothing;
  }

  private get mayStart(): boolean {
    return this.goesOn && this.plan.first !== undefined && !this.progress.isPaused && this.hasRoom;
  }

  private get isHistoryLong(): boolean {
    if (!this.listed) return false; // there is nothing yet to go on with
    return workflowInfo().continueAsNewSuggested || this.startedHere >= MOST_GROUPS_A_RUN;
  }

  /** A group of more items than may be under way runs alone. */
  private get hasRoom(): boolean {
    const { open, itemsUnderWay, status } = this.progress;
    if (open.size === 0) return true;
    if (open.size >= MOST_OPEN_GROUPS) return false;
    return itemsUnderWay + this.plan.itemsOfFirst <= status.inFlight;
  }

  /** Cuts the next items into groups. */
  private async planGroups(): Promise<void> {
    while (this.goesOn && this.listed && !this.plan.first) {
      const uncut = this.plan.uncut(this.listed.items);
      if (!uncut) return;
      const input = { ...refOf(this.listed), ...uncut };
      const planned = await this.stop.unlessStopped(() => this.steps().planGroups(input));
      if (!planned) return;
      this.plan.add(planned);
      this.progress.noteCompletedBefore(planned.completed);
    }
  }

  /** Open groups hear of a stop at once, and then those that an earlier start has left running. */
  private async passOnStop(): Promise<void> {
    this.stop.heedCancellation();
    if (!this.stop.isAsked) return;
    await this.stop.passOn();
    await this.starts.allConfirmed();
    await this.takeUpEarlierGroups(await CancellationScope.nonCancellable(() => this.findEarlierGroups()));
  }

  private get hasFailureToPassOn(): boolean {
    return this.listed !== undefined && this.startsNothing && !this.failurePassedOn;
  }

  /** After the first failure no group begins another item; those of an earlier start end with this one. */
  private async passOnFailure(): Promise<void> {
    const { listed } = this;
    if (!listed || !this.hasFailureToPassOn) return;
    this.failurePassedOn = true;
    await this.stop.unlessStopped(() => this.steps().noteFailure(refOf(listed)));
    if (this.plan.rest(listed.items).length === 0) return;
    const groups = await this.stop.unlessStopped(() => this.findEarlierGroups()); // a stop finds them itself
    if (groups) await this.takeUpEarlierGroups(groups);
  }

  private get hasPauseToPassOn(): boolean {
    return this.listed !== undefined && !this.stop.request && this.progress.isPaused !== this.pausePassedOn;
  }

  /** Open groups begin no further item in a pause; after it they hear that they may. */
  private async passOnPause(): Promise<void> {
    while (this.listed && this.hasPauseToPassOn) {
      const { listed } = this;
      const { isPaused: paused } = this.progress;
      this.pausePassedOn = paused;
      await this.stop.unlessStopped(() => this.steps().notePause({ ...refOf(listed), paused }));
      const groups = paused ? [] : [...this.progress.open.values()];
      await Promise.all(groups.map((group) => this.starts.tell(this.batch.batchId, group, RESUME_SIGNAL)));
    }
  }

  /** A batch that was ended from outside, and started again, may have groups that this start has not come to. */
  private async takeUpEarlierGroups(groups: readonly ItemRange[]): Promise<void> {
    for (const group of groups) {
      if (this.progress.open.has(group.from)) continue;
      if (this.listed) this.takeUp(group, this.listed);
      else this.unlisted.add(group);
      await this.stop.tell(group);
    }
  }

  private async findEarlierGroups(): Promise<ItemRange[]> {
    const { batchId, provider } = this.batch;
    const { from } = this.plan;
    return this.steps().findEarlierGroups({ batchId, provider, from });
  }

  /** Takes a group out of what is planned, of which nothing starts any more. */
  private takeUp(group: ItemRange, { items }: ListedBatch): void {
    this.plan.takeOut(group, items);
    this.progress.noteStarted(group).adopted = true;
    this.looks.noteTakenUp();
  }

  /** What became of items in a group of an earlier start, while this one was under way, is of this start. */
  private async takeOver(): Promise<void> {
    while (this.listed && this.endedOfEarlier.length > 0) {
      const groups = this.endedOfEarlier.splice(0);
      const ref = refOf(this.listed);
      const { takeOverOutcomes } = this.steps();
      await CancellationScope.nonCancellable(() => takeOverOutcomes({ ...ref, groups }));
    }
  }

  private async until(isSo: () => boolean): Promise<void> {
    if (this.stop.request) await CancellationScope.nonCancellable(() => condition(isSo));
    else await this.stop.unlessStopped(() => condition(isSo));
  }

  private groupInput({ storeId, start }: ListedBatch, group: PlannedGroups['groups'][number]): GroupInput {
    const { batchId, provider, failureMode } = this.batch;
    const { workflowId: batchWorkflowId } = workflowInfo();
    const stopsAtFailure = failureMode === 'FailAfterOne';
    const { found } = this;
    return { batchId, provider, storeId, start, ...group, batchWorkflowId, found, stopsAtFailure };
  }

  private steps() {
    return proxyActivities<BatchActivities>({ ...batchStep(this.batch.provider), summary: this.batch.batchId });
  }

  private hear(news: GroupEnd, { hasEnded, isSeen = false }: HowHeard): void {
    const { progress, batch } = this;
    if (hasEnded) this.unlisted.noteEnd(news);
    const isOpen = progress.open.has(news.from); // else it is of an earlier start, and not taken up yet
    const group = hasEnded ? progress.open.get(news.from) : undefined;
    const { start = this.listed?.start } = news;
    const isOfEarlier = start !== undefined && start !== this.listed?.start;
    if (group && isOfEarlier) group.adopted = true;
    if (group && this.isToRunAgain(group, news)) {
      progress.noteToRunAgain(group, news);
      const { from, end, fileQueue, aFile } = group;
      this.plan.putFirst({ from, end, fileQueue, aFile });
      return;
    }
    if (group && isOfEarlier) this.endedOfEarlier.push({ from: group.from, end: group.end, start });
    if (!hasEnded) progress.noteNews(news);
    else if (group && isSeen && !isOfEarlier) progress.noteUntold(news);
    else progress.noteEnd(news);
    const hasGivenUp = hasEnded && news.error !== undefined;
    const hasFailed = (news.counts.by.failed ?? 0) > 0 || hasGivenUp;
    const hasFailure = hasFailed || (news.batchHasFailure === true && !isOfEarlier);
    if (batch.failureMode === 'FailAfterOne' && isOpen && hasFailure) this.startsNothing = true;
  }

  /** A pause has held it back, or it is of an earlier start and was told to stop before this start took it up. */
  private isToRunAgain({ adopted }: OpenGroup, { counts: { items, by }, isHeldBack, error }: GroupEnd): boolean {
    if (!this.goesOn) return false;
    const isLast = error !== undefined || (this.batch.failureMode === 'FailAfterOne' && (by.failed ?? 0) > 0);
    if (isHeldBack && !isLast && (by.pending ?? 0) > 0) return true;
    return adopted === true && (by.completed ?? 0) + (by.failed ?? 0) < items;
  }
}
