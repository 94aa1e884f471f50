import {
  CancellationScope,
  condition,
  continueAsNew,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { BatchDeletionActivities, BatchDeletionInput } from '../../../contracts/batch/batch-deletion';
import type { BatchActivities, BatchOutcome, BatchStatus, ListedBatch } from '../../../contracts/batch/batch-status';
import { refOf, type GroupEnd, type GroupInput } from '../../../contracts/batch/groups';
import type { ItemRange } from '../../../contracts/batch/item-outcome';
import { CANCEL_SIGNAL, FORCE_DELETE_SIGNAL, RESUME_SIGNAL } from '../../../contracts/ids';
import { readStopRequest } from '../../../contracts/messages';
import { batchStep } from '../activity-options';
import { cancelSignal, forceDeleteSignal } from '../status';
import { BatchProgress, type CarriedProgress } from './batch-progress';
import { GroupLooks, type HowHeard } from './group-looks';
import { GroupPlan, type CarriedPlan } from './group-plan';
import { GroupStarts, signalGroup } from './group-starts';
import { hearMessages } from './hear-messages';

/** What a run of a deletion hands on to the next. */
export interface CarriedDeletion extends CarriedPlan {
  deletion: BatchDeletionInput;
  listed: ListedBatch;
  progress: CarriedProgress;
  hasLeftOver: boolean;
  haltedWithLeftOver: number[];
  isStopped: boolean;
}

/** Items under way at once, until somebody says otherwise. */
const IN_FLIGHT = 1000;
/** Each holds a slot of the calls. */
const MOST_OPEN_GROUPS = 20;
/** A run has at most 2,000 children, and each costs about ten events. */
const MOST_GROUPS_A_RUN = 500;

/** The deletion of a batch as its story sees it. */
export class BatchDeletion {
  private readonly progress: BatchProgress;
  private readonly starts = new GroupStarts();
  private readonly looks: GroupLooks;
  private listed: ListedBatch | undefined;
  private readonly plan: GroupPlan;
  private isStopped: boolean;
  /** Open groups have heard of a stop or pause. */
  private haltPassedOn = false;
  private startedHere = 0;
  /** Groups that ran already, and are being told to stop. */
  private telling = 0;
  /** Something could not be removed. */
  private hasLeftOver: boolean;
  /** First items of the halted groups that could not remove something, and try it again when they go on. */
  private readonly haltedWithLeftOver: Set<number>;

  constructor(
    private readonly deletion: BatchDeletionInput & { inFlight?: number },
    carried: CarriedDeletion | undefined,
  ) {
    this.listed = carried?.listed;
    this.plan = new GroupPlan(carried);
    this.hasLeftOver = carried?.hasLeftOver ?? false;
    this.haltedWithLeftOver = new Set(carried?.haltedWithLeftOver);
    this.isStopped = carried?.isStopped ?? false;
    const progress = new BatchProgress({ inFlight: IN_FLIGHT, ...deletion, deletes: true }, carried?.progress);
    this.progress = progress;
    progress.status.reason ??= deletion.reason;
    hearMessages(progress, (news, how) => this.hear(news, how));
    setHandler(cancelSignal, (payload) => this.stop(readStopRequest(payload).reason), {
      description: 'Ends the removals that are under way, and leaves the rest.',
    });
    setHandler(forceDeleteSignal, () => {}, { description: 'That is what this run does.' });
    void CancellationScope.current().cancelRequested.catch(() => this.stop(undefined));
    this.looks = new GroupLooks({
      open: progress.open,
      isConfirmed: (from) => this.starts.isConfirmed(from),
      look: async (groups) => (this.listed ? this.steps().lookAtGroups({ ...refOf(this.listed), groups }) : []),
      hear: (end, how) => this.hear(end, how),
    });
    if (this.isStopped) progress.noteStop(undefined);
    progress.show();
  }

  /** Takes up the list. Groups that a batch ended from outside has left running are then told at once, whenever their turn comes. */
  async begin(): Promise<void> {
    if (this.listed) return;
    const { batchId, provider } = this.deletion;
    const listed = await this.steps().openToDelete({ batchId, provider });
    const running = await this.steps().findEarlierGroups({ batchId, provider, from: 0 });
    if (!this.isHalted) await Promise.all(running.map((group) => this.tell(group)));
    this.listed = listed;
    this.progress.noteListed(listed);
  }

  /** Waits until a group can be started, or the history is long. False once every group has ended. */
  async hasMore(): Promise<boolean> {
    const { open } = this.progress;
    for (;;) {
      if (this.hasHaltToPassOn) await this.passOnHalt();
      await this.planGroups();
      if (this.isToAct) return true;
      if (open.size === 0 && !this.isLeft) return false;
      const { size } = open;
      const { isStopped } = this;
      const isNew = (): boolean => this.hasHaltToPassOn || this.isStopped !== isStopped;
      await condition(() => open.size < size || this.isToAct || isNew());
    }
  }

  /** Starts all groups that may start now, in one workflow task. */
  async startNextGroups(): Promise<void> {
    while (this.mayStart) void this.startNext();
    await condition(() => this.starts.areConfirmed && this.telling === 0);
  }

  /** Keeps the history short. */
  async goOnInNewRun(input: unknown): Promise<void> {
    const { deletion, listed, hasLeftOver, isStopped } = this;
    if (!listed || !this.isHistoryLong) return;
    const { carried: progress } = this.progress;
    const soFar = { hasLeftOver, haltedWithLeftOver: [...this.haltedWithLeftOver], isStopped };
    const carried: CarriedDeletion = { deletion, listed, progress, ...this.plan.carried, ...soFar };
    await continueAsNew(input, carried);
  }

  async close(): Promise<BatchStatus> {
    const { listed, progress } = this;
    const outcome = this.verdict();
    progress.takeUntold(); // what was put aside is of the rest
    if (listed) {
      const rest = this.plan.rest(listed.items);
      const stopped = outcome === 'failed' ? undefined : outcome;
      const more = { ...(rest.length > 0 && { rest }), ...(stopped && { stopped }) };
      const known = await this.steps().closeBatch({ ...refOf(listed), ...more });
      if (known) progress.noteCompletedBefore(known);
    }
    return progress.close(outcome);
  }

  private verdict(): Exclude<BatchOutcome, 'completed'> {
    if (this.progress.status.error !== undefined) return 'failed';
    if (this.hasLeftOver || this.haltedWithLeftOver.size > 0) return 'failed';
    return this.hasRest ? 'cancelled' : 'deleted';
  }

  private get hasRest(): boolean {
    return this.listed === undefined || this.plan.rest(this.listed.items).length > 0;
  }

  private get isLeft(): boolean {
    return this.hasRest && !this.isStopped;
  }

  private get isHistoryLong(): boolean {
    return workflowInfo().continueAsNewSuggested || this.startedHere >= MOST_GROUPS_A_RUN;
  }

  private get isToAct(): boolean {
    return this.mayStart || (this.isHistoryLong && (this.isLeft || this.progress.open.size > 0));
  }

  private get mayStart(): boolean {
    const { open, itemsUnderWay, isPaused, status } = this.progress;
    if (!this.plan.first || this.isStopped || isPaused || this.isHistoryLong) return false;
    if (open.size === 0) return true;
    return open.size < MOST_OPEN_GROUPS && itemsUnderWay + this.plan.itemsOfFirst <= status.inFlight;
  }

  private async planGroups(): Promise<void> {
    while (this.listed && this.isLeft && !this.plan.first) {
      const { items } = this.listed;
      const { from } = this.plan;
      const { groups, next = items } = await this.steps().groupsToDelete({ ...refOf(this.listed), from });
      this.plan.add({ groups, next });
    }
  }

  /** Starts the next group. One that a batch ended from outside has left running is told, and runs once more. */
  private async startNext(): Promise<void> {
    const next = this.plan.takeFirst();
    if (!next || !this.listed) return;
    this.startedHere += 1;
    const group = this.progress.noteStarted(next);
    if (await this.starts.start(this.groupInput(this.listed, next))) return;
    group.adopted = true;
    this.looks.noteTakenUp();
    await this.tell(next);
  }

  private get isHalted(): boolean {
    return this.isStopped || this.progress.isPaused;
  }

  private get hasHaltToPassOn(): boolean {
    return this.isHalted !== this.haltPassedOn;
  }

  /**
   * Open groups then remove no further item, and end. One that a batch has left ends as it was told. After a pause those that
   * are still ending wait for nothing, and run again.
   */
  private async passOnHalt(): Promise<void> {
    this.haltPassedOn = this.isHalted;
    const { batchId } = this.deletion;
    const signal = this.isHalted ? CANCEL_SIGNAL : RESUME_SIGNAL;
    await Promise.all([...this.progress.open.keys()].map((from) => signalGroup(batchId, from, signal)));
  }

  private async tell({ from }: ItemRange): Promise<void> {
    const { batchId, reason } = this.deletion;
    this.telling += 1;
    await signalGroup(batchId, from, FORCE_DELETE_SIGNAL, { reason });
    this.telling -= 1;
  }

  private groupInput(listed: ListedBatch, { from, end }: ItemRange): GroupInput {
    const { workflowId: batchWorkflowId } = workflowInfo();
    const { reason } = this.deletion;
    return { ...refOf(listed), from, end, batchWorkflowId, stopsAtFailure: false, deletes: { reason } };
  }

  /**
   * Only what a group that deletes tells itself is its end: another's end, or one that was only seen, leaves it to run once
   * more, and so does a stop or pause before it had come to all of its items.
   */
  private hear(news: GroupEnd, { hasEnded, isSeen = false }: HowHeard): void {
    const { progress } = this;
    const { from, deletes = false, leftOver = 0, leavesSome = false } = news;
    const group = progress.open.get(from);
    if (!group) return;
    if (!hasEnded) return progress.noteNews(news);
    this.haltedWithLeftOver.delete(from);
    if (!deletes || isSeen || leavesSome) {
      if (leftOver > 0) this.haltedWithLeftOver.add(from);
      progress.noteToRunAgain(group, leavesSome ? { ...news, isHeldBack: true } : news);
      this.plan.putFirst({ from, end: group.end });
      return undefined;
    }
    this.hasLeftOver ||= leftOver > 0;
    progress.noteEnd(leftOver > 0 || news.error ? news : { ...news, failures: [] }); // the others had failed before
  }

  private stop(reason: string | undefined): void {
    this.isStopped = true;
    this.progress.noteStop(reason);
  }

  private steps() {
    const { provider, batchId: summary } = this.deletion;
    return proxyActivities<BatchActivities & BatchDeletionActivities>({ ...batchStep(provider), summary });
  }
}
