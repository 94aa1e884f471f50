import {
  CancellationScope,
  CancelledFailure,
  getExternalWorkflowHandle,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
  type ActivityOptions,
} from '@temporalio/workflow';
import type {
  GroupActivities,
  GroupEnd,
  GroupInput,
  GroupNews,
  GroupStep,
  GroupStepInput,
} from '../../../contracts/batch/groups';
import { countsOf, type ItemStop } from '../../../contracts/batch/item-outcome';
import type { LifecycleError } from '../../../contracts/lifecycle-status';
import { GROUP_ENDED_SIGNAL, GROUP_PROGRESS_SIGNAL } from '../../../contracts/ids';
import { groupStep, groupTransfer } from '../activity-options';
import { StopRequests } from '../lifecycle/stop-requests';
import { describeError, endsLifecycle } from '../step-failures';
import { groupStatusQuery, resumeSignal } from '../batch/messages';
import { detailsOfGroup } from '../batch/words';
import { FilesQueue } from './files-queue';
import { ItemStops, type ItemsToStop } from './item-stops';

const ACTIVITY_OF = {
  submit: 'submitItems',
  settle: 'settleItems',
  branch: 'branchItems',
  collect: 'collectItems',
  release: 'releaseItems',
  clean: 'cleanItems',
} as const satisfies Record<GroupStep, keyof GroupActivities>;

/** A wait that lasts so long is told to the batch. */
const TELL_AFTER_MS = 10_000;

/** A group as its story sees it: which steps its items are due for, and who wants it stopped. */
export class Group {
  readonly stops: StopRequests;
  private readonly itemStops: ItemStops;
  private readonly files: FilesQueue;
  private readonly status: { reason?: string; timings: { stopRequestedAt?: string } } = { timings: {} };
  private readonly stepInput: GroupStepInput;
  private news: GroupNews;
  private toldOfFailure = false;
  /** What is not removed yet is to stay. */
  private leavesSome = false;
  /** The step that ends what a removal had begun. */
  private lastStep: CancellationScope | undefined;
  /** The removal goes on, after the pause that this group was stopped for. */
  private isResumed = false;
  /** The batch goes on after a pause; the step that runs may not know. */
  private goesOn = false;

  constructor(private readonly input: GroupInput) {
    const { workflowId, runId } = workflowInfo();
    this.stepInput = { ...input, workflowId, runId };
    const { from, end, deletes } = input;
    const due = { submit: deletes ? 0 : end - from, settle: 0, branch: 0, collect: 0, release: 0, clean: 0 };
    this.news = { counts: countsOf([], input), due, failures: [] };
    setHandler(groupStatusQuery, () => ({ from, end, counts: this.news.counts, failures: this.news.failures }), {
      description: 'Counts of its items by phase and outcome.',
    });
    this.stops = new StopRequests(this.status, 'delete');
    this.itemStops = new ItemStops(input);
    if (deletes) this.itemStops.deleteAll(deletes.reason);
    this.files = new FilesQueue(input);
    setHandler(resumeSignal, () => this.goOn(), { description: 'Goes on with what a pause has held back.' });
    this.show();
  }

  /** False once all have ended, or only such are left as are not to be started after a failure. */
  get hasWork(): boolean {
    return this.itemStops.isAsked || Object.values(this.due).some((items) => items > 0);
  }

  /** In a pause, and after a failure, only those are still to be submitted that have begun. */
  private get due(): GroupNews['due'] {
    const { due, begun = 0 } = this.news;
    return this.mayStart ? due : { ...due, submit: begun };
  }

  private get mayStart(): boolean {
    const { failures, batchHasFailure = false, batchIsPaused = false } = this.news;
    return !batchIsPaused && !(this.input.stopsAtFailure && (failures.length > 0 || batchHasFailure));
  }

  /** A wait is left for what was held back. */
  private goOn(): void {
    this.goesOn = true;
    this.isResumed = this.stops.isAsked;
    if (this.isResumed) this.lastStep?.cancel();
    if (!this.news.batchIsPaused) return;
    this.news = { ...this.news, batchIsPaused: false };
    this.itemStops.leaveWait();
  }

  /**
   * Takes the step for all items that are due for it; no step at all if none is. It is left where one of them is to end by
   * itself: that one ends before the next step, and the others go on in the next round.
   */
  async take(step: GroupStep): Promise<void> {
    await this.endAskedItems((some) => this.removeOrEndItems(some));
    const { [step]: due } = this.due;
    if (due === 0) return;
    const waits = step === 'settle' || step === 'collect';
    const takeWith = (options: ActivityOptions, input: GroupStepInput = this.stepInput): Promise<GroupNews> => {
      const activities = proxyActivities<GroupActivities>({ ...options, summary: this.summary(due) });
      return activities[ACTIVITY_OF[step]](input);
    };
    const { provider } = this.input;
    const take = () =>
      step === 'submit'
        ? this.files.run((queue, resume) => takeWith(groupTransfer(provider, queue), { ...this.stepInput, resume }))
        : takeWith(groupStep(provider, { waits }));
    this.goesOn = false;
    const news = await this.itemStops.unlessAsked(() => (waits ? this.tellingWhere(take) : take()), { waits });
    if (!news) return;
    this.hear(this.goesOn ? { ...news, batchIsPaused: false } : news);
    await this.tellOfFailure();
  }

  /** Ends what is under way, as the stop says, once what had been sent is settled. */
  async stopItems(): Promise<void> {
    if (!this.stops.request) this.stops.noteCancellation();
    await this.endAskedItems((some) => this.endItems(some)); // as was asked for each
    let request;
    do {
      ({ request } = this.stops);
      const policy = request?.isNamed ? request.policy : undefined; // else each item's own
      await this.endItems({ outcome: request?.outcome ?? 'cancelled', policy });
    } while (request !== this.stops.request);
  }

  /** Tells the batch though the group fails. */
  async giveUp(error: unknown): Promise<unknown> {
    this.leavesSome = false; // it is not to run again
    await this.tellBatch(GROUP_ENDED_SIGNAL, describeError(error));
    return error;
  }

  async close(): Promise<GroupEnd> {
    await this.tellBatch(GROUP_ENDED_SIGNAL);
    this.show();
    return this.end();
  }

  private async endAskedItems(end: (some: ItemsToStop) => Promise<void>): Promise<void> {
    for (let some = this.itemStops.next(); some; some = this.itemStops.next()) await end(some);
  }

  private removeOrEndItems(some: ItemsToStop): Promise<void> {
    return this.input.deletes && some.outcome === 'deleted' ? this.removeItems(some) : this.endItems(some);
  }

  /** Left when the removal is not wanted any more. */
  private async removeItems(how: ItemsToStop): Promise<void> {
    this.leavesSome = true;
    const news = await this.takeStop(how, groupStep(this.input.provider));
    this.leavesSome = news.batchIsGone === true;
    this.hear(news);
  }

  /** After a pause nobody waits for what is to be tried again: the group takes it up when it runs once more. */
  private async unlessResumed(step: () => Promise<void>): Promise<void> {
    const lastStep = (this.lastStep = new CancellationScope());
    if (this.isResumed) lastStep.cancel();
    try {
      await lastStep.run(step);
    } catch (error) {
      if (!this.isResumed || !endsLifecycle(error)) throw error;
      this.leavesSome = true;
    }
  }

  /** @param how of which items; of all, if none is named */
  private async endItems(how: ItemStop & { items?: number[] }): Promise<void> {
    const { provider, deletes } = this.input;
    const options = groupStep(provider, { cleans: deletes === undefined });
    const end = async (): Promise<void> => this.hear(await this.takeStop(how, options), { isStopping: true });
    await CancellationScope.nonCancellable(() => (deletes ? this.unlessResumed(end) : end()));
  }

  private takeStop(how: ItemStop & { items?: number[] }, options: ActivityOptions): Promise<GroupNews> {
    const { stopItems } = proxyActivities<GroupActivities>({ ...options, summary: this.summary(how.items?.length) });
    return stopItems({ ...this.stepInput, ...how });
  }

  /** Once a wait has lasted, the batch is told where the items stand; a short one is not worth the events. */
  private async tellingWhere(wait: () => Promise<GroupNews>): Promise<GroupNews> {
    const telling = new CancellationScope();
    const told = telling
      .run(async () => {
        await sleep(TELL_AFTER_MS);
        await this.tellBatch(GROUP_PROGRESS_SIGNAL);
      })
      .catch(() => {}); // the wait was short, or is not wanted any more
    try {
      return await wait();
    } finally {
      telling.cancel();
      await told;
    }
  }

  /** A batch that is to start nothing after a failure hears of it before this group ends. Each group tells of its own. */
  private async tellOfFailure(): Promise<void> {
    const { failures, counts, batchHasFailure = false } = this.news;
    const isItsOwn = failures.length > 0 || (batchHasFailure && (counts.by.cleaning ?? 0) > 0);
    if (!this.input.stopsAtFailure || !isItsOwn || this.toldOfFailure) return;
    this.toldOfFailure = true;
    await this.tellBatch(GROUP_PROGRESS_SIGNAL);
  }

  private hear(news: GroupNews, { isStopping = false } = {}): void {
    this.news = news;
    this.show();
    if (news.batchIsGone && !isStopping) throw new CancelledFailure('the batch was ended from outside');
  }

  private end(): GroupEnd {
    const { counts, failures, batchHasFailure, batchIsPaused, leftOver } = this.news;
    const { from, end, start, deletes } = this.input;
    const isHeldBack = batchIsPaused === true && !this.stops.isAsked;
    const common = { from, end, start, counts, failures, ...(batchHasFailure && { batchHasFailure }) };
    return {
      ...common,
      ...(isHeldBack && { isHeldBack }),
      ...(deletes && { deletes: true }),
      ...(this.leavesSome && { leavesSome: true }),
      ...(leftOver && { leftOver }),
    };
  }

  /** A batch that is gone hears nothing. */
  private async tellBatch(signal: string, error?: LifecycleError): Promise<void> {
    const batch = getExternalWorkflowHandle(this.input.batchWorkflowId);
    await CancellationScope.nonCancellable(() => batch.signal(signal, { ...this.end(), error })).catch(() => {});
  }

  private summary(items?: number): string {
    const { batchId, from, end } = this.input;
    return `${batchId} · items ${from} to ${end - 1}${items === undefined ? '' : ` · ${items} due`}`;
  }

  private show(): void {
    const { batchId, deletes } = this.input;
    setCurrentDetails(detailsOfGroup(batchId, this.input, this.news, { deletes: deletes !== undefined }));
  }
}
