import { setMaxListeners } from 'node:events';
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import {
  GROUP_STEPS,
  MOST_FAILURES_SHOWN,
  type GroupNews,
  type GroupStep,
  type GroupStepInput,
} from '../../contracts/batch/groups';
import { countsOf, type ItemOutcome } from '../../contracts/batch/item-outcome';
import type { ListedItem } from '../../contracts/batch/listed-items';
import type { AcceptedInput } from '../../contracts/lifecycle-input';
import { FAILURES, failureType } from '../../contracts/failures';
import { ASSET_BATCH_DELETION } from '../../contracts/ids';
import { cancellationOf, withHeartbeatEvery } from '../lib/activity-call';
import { BegunItems } from '../lib/begun-items';
import type { ActivityDependencies } from '../dependencies';
import { GroupKeyFacts } from './existing/group-key-facts';
import type { GroupMemory } from './group/group-memory';
import type { SubmissionPlaces } from './group/submission-places';
import { ItemCalls } from './item-calls';
import { FirstFailure, hasFailed } from './group/first-failure';
import { Pause } from './group/pause';
import {
  CALL_TRIED_FOR_MS,
  isTroubledFor,
  triedAgainAfterMs,
  withoutTrouble,
  withTrouble,
} from './group/troubled-items';
import { failedItem, nextStepOf, type ItemTurn, type ItemStep } from './item-step';
import { inputOf, openSlice, type Slice } from './group/open-slice';

/** No item waits longer for others of its group that are ready. */
const STRAGGLERS_AFTER_MS = 2 * 60_000;
/** Outcomes are written together: at most this far apart, and soon after there are so many. */
const WRITE_EVERY_MS = 1000;
const WRITTEN_SOON = 16;
const SOON_MS = 50;
const LOOK_AT_BATCH_EVERY_MS = 60_000;
/** So many calls for it to be an outage or a limit, in which a step that may begin later begins no further item. */
const FAILED_IN_A_ROW = 3;

export interface WorkerOfGroup {
  deps: ActivityDependencies;
  /** Of the group; what a step learns is added. */
  memory: GroupMemory;
  /** Of all groups that the worker serves. */
  places: SubmissionPlaces;
}

/**
 * Takes all items that the step is due for, each as a step of a single lifecycle would be taken. What becomes of one does not
 * stop another; each outcome is written beside the batch's list. An item that is to be tried again stays as it is.
 * @throws the failure to try again, if no item got on · the cancellation, once everything under way has ended
 */
export async function goOver(
  { deps, memory, places }: WorkerOfGroup,
  input: GroupStepInput,
  step: ItemStep,
): Promise<GroupNews> {
  const slice = await openSlice(deps, input, memory.outcomes);
  return withHeartbeatEvery(step.beatMs, async (cancelled) => {
    const failure = new FirstFailure(deps, input);
    if ([...slice.known.values()].some(hasFailed)) await failure.tell();
    const round = new Round(deps, input, { slice, failure, memory, places });
    const due = slice.items.filter(({ item }) => step.isDue(round.record(item), item));
    await round.run(due, step, cancelled);
    if (cancelled.aborted) throw cancellationOf(cancelled);
    return { ...newsOf(input, slice), ...(await round.newsOfBatch()) };
  });
}

class Round {
  private batchIsGone = false;
  private readonly calls: ItemCalls;
  private readonly deps: ActivityDependencies;
  private readonly slice: Slice;
  private readonly failure: FirstFailure;
  private readonly pause: Pause;
  private readonly keys: GroupKeyFacts;
  private readonly toWrite = new Map<number, ItemOutcome>();
  private writing: Promise<void> = Promise.resolve();
  private writesSoon: NodeJS.Timeout | undefined;
  private readonly accepted: Map<number, AcceptedInput>;
  private readonly places: SubmissionPlaces;
  /** Items whose turn no earlier attempt of the activity has taken. */
  private readonly firstTurns = new Set<number>();
  /** Items whose turn an earlier attempt or activity may have taken, so that something of it may have been sent. */
  private readonly laterTurns = new Set<number>();
  /** Items that were not to begin as they came to it. */
  private readonly heldBack = new Set<number>();
  private readonly enough = new AbortController();
  private patience: { timer: NodeJS.Timeout; until: number } | undefined;
  private gotOn = 0;
  private tryAgain: unknown;
  /** Items whose turn failed so that it is to be tried again. */
  private readonly failedNow = new Set<number>();
  private failedInARow = 0;

  constructor(
    deps: ActivityDependencies,
    private readonly input: GroupStepInput,
    { slice, failure, memory, places }: Omit<WorkerOfGroup, 'deps'> & { slice: Slice; failure: FirstFailure },
  ) {
    this.calls = new ItemCalls(input.resume);
    this.accepted = memory.accepted;
    this.places = places;
    this.slice = slice;
    this.failure = failure;
    this.pause = new Pause(deps, input);
    this.deps = { ...deps, progress: this.calls.progress(deps.progress) };
    this.keys = new GroupKeyFacts(deps, input);
  }

  record(item: number): ItemOutcome | undefined {
    return this.slice.known.get(item);
  }

  async run(due: readonly ListedItem[], step: ItemStep, cancelled: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([cancelled, this.enough.signal]);
    setMaxListeners(0, cancelled, signal); // each item listens
    const writing = setInterval(this.writeInBetween, WRITE_EVERY_MS);
    const looking = setInterval(() => void this.lookAtBatch(step), LOOK_AT_BATCH_EVERY_MS);
    const atOnce = step.atOnce(this.deps, this.input);
    const beginsAtLeast = step.beginsTogether ? due.length : (step.beginsAtLeast?.(this.deps, this.input) ?? atOnce);
    const queue = new BegunItems(due, beginsAtLeast, (some) => this.orGivenBack(some, () => this.begin(some, step)));
    if (step.leavesNobody) await this.lookAtBatch(step); // an attempt may end before the first look in between
    const isHeldUp = (): boolean => step.leavesNobody === true && this.failedInARow >= FAILED_IN_A_ROW;
    const takeThem = async (): Promise<void> => {
      const isOver = (): boolean => signal.aborted || isHeldUp();
      for (let one = await queue.next(isOver); one; one = await queue.next(isOver)) {
        if (await this.mayTakeBegun(one)) await this.takeAll(one, step, step.waits ? signal : cancelled);
        else this.giveBack([one]);
      }
    };
    const inTurn = step.inTurn?.(this.deps, this.input) === true;
    const lane = (): Promise<void> => (inTurn ? this.places.run(takeThem, signal) : takeThem());
    const tryOthersAfterMs = step.waits && triedAgainAfterMs(this.others(step));
    if (tryOthersAfterMs) this.leaveIn(tryOthersAfterMs, 'others are to be tried again');
    try {
      await this.inLanes(Math.min(atOnce, due.length), lane);
    } finally {
      clearInterval(writing);
      clearInterval(looking);
      clearTimeout(this.patience?.timer);
      clearTimeout(this.writesSoon);
      if (step.begin) this.giveBack(queue.begun);
      await this.write();
    }
    if (this.tryAgain !== undefined && (step.untilAll || isHeldUp() || !this.hasRound(step))) throw this.tryAgain;
  }

  /** True if the next round is to take what is to be tried again; without one, the next attempt of this step does. */
  private hasRound(step: ItemStep): boolean {
    if (this.gotOn > 0 || this.batchIsGone) return true;
    const others = this.others(step);
    const goesOn = (record: ItemOutcome): boolean => record.phase !== 'pending' && !isTroubledFor(record, 0);
    if (others.some(goesOn)) return true; // it may be what this step waits for
    const { scheduledTimestampMs } = Context.current().info;
    const heldUpForMs = Date.now() - scheduledTimestampMs;
    return others.length > 0 && heldUpForMs >= (triedAgainAfterMs([...this.slice.known.values()]) ?? 0);
  }

  /** Items that have begun, and are due for another step. */
  private others(step: ItemStep): ItemOutcome[] {
    const records = [...this.slice.known.values()].filter(({ item }) => !this.failedNow.has(item));
    return records.filter((record) => nextStepOf(record) !== undefined && !step.isDue(record, record.item));
  }

  /** If a lane breaks, no other takes a further item; its error is thrown once what is under way has ended. */
  private async inLanes(count: number, lane: () => Promise<void>): Promise<void> {
    const stopsOthers = async (): Promise<void> => {
      try {
        await lane();
      } catch (error) {
        this.enough.abort(new CancelledFailure('another item of the group broke its step'));
        throw error;
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: count }, stopsOthers));
    const broken = ends.find(({ status }) => status === 'rejected');
    if (broken?.status === 'rejected') throw broken.reason;
  }

  /** What a step may make is in the store before the first of it is made. */
  private async begin(some: readonly ListedItem[], step: ItemStep): Promise<void> {
    const turns: ItemTurn[] = [];
    for (const one of some) {
      const mayHaveBegun = step.mayHaveBegun?.(this.record(one.item));
      if (mayHaveBegun !== undefined) (mayHaveBegun ? this.laterTurns : this.firstTurns).add(one.item);
      if (!step.begin) continue;
      if (!(await this.mayTake(one))) {
        this.heldBack.add(one.item);
        continue;
      }
      const turn = this.turnOf(one, new AbortController().signal);
      this.note(step.begin(turn));
      turns.push(turn);
    }
    if (step.begin) await this.write();
    await step.prepare?.(
      turns.filter(({ item: { item } }) => this.firstTurns.has(item)),
      this.keys,
    );
  }

  /** In a pause, and after the first failure of a batch that stops there, only those go on that had begun before. */
  private async mayTake({ item }: ListedItem): Promise<boolean> {
    return !this.firstTurns.has(item) || !((await this.failure.isThere()) || (await this.pause.isThere()));
  }

  /** One that was held back as it was to begin is not recorded, also where it might be taken by now. */
  private async mayTakeBegun(one: ListedItem): Promise<boolean> {
    return !this.heldBack.has(one.item) && (await this.orGivenBack([one], () => this.mayTake(one)));
  }

  private async orGivenBack<T>(some: readonly ListedItem[], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.giveBack(some);
      throw error;
    }
  }

  /** Nothing has been made of those whose turn did not come, unless an earlier attempt has taken it. */
  private giveBack(left: readonly ListedItem[]): void {
    for (const { item } of left) {
      if (!this.firstTurns.has(item)) continue;
      const record = this.record(item);
      if (record?.phase === 'creating') this.note({ ...record, phase: 'pending' });
    }
  }

  /** An item with several branches takes the step for each. */
  private async takeAll(one: ListedItem, step: ItemStep, signal: AbortSignal): Promise<void> {
    do if (!(await this.take(one, step, signal))) return;
    while (step.isDue(this.record(one.item), one.item) && !signal.aborted);
  }

  private turnOf(item: ListedItem, signal: AbortSignal): ItemTurn {
    const { deps, input, slice } = this;
    const accepted = this.accepted.get(item.item) ?? inputOf(slice.each, item, deps.owner);
    this.accepted.set(item.item, accepted);
    const record = this.record(item.item);
    return { deps, group: input, item, input: accepted, record, keyFacts: this.keys.of(item.item), signal };
  }

  private async take(one: ListedItem, step: ItemStep, signal: AbortSignal): Promise<boolean> {
    const { item } = one;
    const turn = this.turnOf(one, signal);
    try {
      const { work } = turn.record ?? {};
      const isOfEarlierRun = step.mayHaveBegun !== undefined && work?.runId !== this.input.runId;
      const left = isOfEarlierRun ? undefined : work?.left; // what it did last it may not have told
      const known = { left, isFirst: this.firstTurns.has(item), mayHaveSent: this.laterTurns.has(item), signal };
      this.note(withoutTrouble(await this.calls.take(item, known, () => step.take(turn))));
      this.calls.end(item);
      this.hasGotOn(step);
      return true;
    } catch (error) {
      this.afterFailure(turn, step, error);
      return false;
    }
  }

  private afterFailure(turn: ItemTurn, step: ItemStep, error: unknown): void {
    const { item } = turn.item;
    const left = this.calls.leftOf(item);
    const type = failureType(error);
    const isStop = error instanceof CancelledFailure || turn.signal.aborted;
    const record = (turn.record?.work && step.afterBreak?.(turn, error)) ?? turn.record;
    const cleans = step.untilAll || record?.phase === 'cleaning'; // it gives up by itself
    const isGivenUp = !cleans && isTroubledFor(record, CALL_TRIED_FOR_MS);
    if (isStop || (type !== undefined && FAILURES[type].retry && !isGivenUp)) {
      if (record?.work) this.note(withLeft(isStop ? record : withTrouble(record), left));
      if (isStop) return;
      this.tryAgain ??= error;
      this.failedNow.add(item);
      this.failedInARow += 1;
      return;
    }
    if (type === undefined) throw error; // a mistake in the code, not the item's
    this.note(withoutTrouble(failedItem({ ...turn, record }, error as Error, type)));
    this.calls.end(item);
    if (this.failure.note()) this.writeInBetween(); // the other groups are to hear of it at once
    this.hasGotOn(step);
  }

  private hasGotOn({ untilAll, leavesNobody }: ItemStep): void {
    this.gotOn += 1;
    this.failedInARow = 0;
    if (this.gotOn === 1 && !untilAll && !leavesNobody) this.leaveIn(STRAGGLERS_AFTER_MS, 'others go on');
  }

  /** What is still waited for, or to be taken, then is left to the next round. */
  private leaveIn(ms: number, because: string): void {
    const until = Date.now() + ms;
    if (this.patience && this.patience.until <= until) return;
    clearTimeout(this.patience?.timer);
    this.patience = { timer: setTimeout(() => this.enough.abort(new CancelledFailure(because)), ms), until };
  }

  private note(noted: ItemOutcome): void {
    const record = withTimes(noted);
    this.slice.known.set(record.item, record);
    this.toWrite.set(record.item, record);
    if (this.toWrite.size >= WRITTEN_SOON) this.writesSoon ??= setTimeout(this.writeInBetween, SOON_MS);
  }

  /** What fails is written at the end. */
  private readonly writeInBetween = (): void => void this.write().catch(() => {});

  /** One write at a time. */
  private write(): Promise<void> {
    this.writing = this.writing.catch(() => {}).then(() => this.writeNow());
    return this.writing;
  }

  private async writeNow(): Promise<void> {
    clearTimeout(this.writesSoon);
    this.writesSoon = undefined;
    const records = [...this.toWrite.values()];
    this.toWrite.clear();
    try {
      await this.slice.outcomes.write(records);
      if (this.failure.isNoted) await this.failure.tell();
    } catch (error) {
      for (const record of records) if (!this.toWrite.has(record.item)) this.toWrite.set(record.item, record);
      throw error;
    }
  }

  /** What a group has to know of its batch beside its own items. */
  async newsOfBatch(): Promise<Partial<GroupNews>> {
    const { batchIsGone } = this;
    const batchHasFailure = await this.failure.isThere();
    const batchIsPaused = await this.pause.isThere();
    const begun = [...this.slice.known.values()].filter(({ phase }) => phase === 'creating').length;
    return {
      ...(batchIsGone && { batchIsGone }),
      ...(batchHasFailure && { batchHasFailure }),
      ...(batchIsPaused && { batchIsPaused }),
      ...((batchHasFailure || batchIsPaused) && { begun }),
    };
  }

  /** A batch that was terminated can tell nobody. */
  private async lookAtBatch({ untilAll }: ItemStep): Promise<void> {
    this.batchIsGone ||= await isGone(this.deps, this.input); // with a second look it may have been started again
    if (this.batchIsGone && !untilAll) this.enough.abort(new CancelledFailure('the batch was ended from outside'));
  }
}

/** A removal that was terminated is gone also where its batch was started again, under the same id. */
const isGone = async ({ runs }: ActivityDependencies, { batchWorkflowId, deletes }: GroupStepInput): Promise<boolean> =>
  !(await runs.isOpen(batchWorkflowId, deletes && ASSET_BATCH_DELETION).catch(() => true));

function withTimes(record: ItemOutcome): ItemOutcome {
  const now = new Date().toISOString();
  const { startedAt = now, outcome } = record;
  return { ...record, startedAt, ...(outcome && { endedAt: record.endedAt ?? now }) };
}

const withLeft = (record: ItemOutcome, left: unknown): ItemOutcome =>
  record.work && left !== undefined ? { ...record, work: { ...record.work, left } } : record;

const hasLeftOverByForce = ({ receipt }: ItemOutcome): boolean =>
  receipt?.policy === 'force-delete' && receipt.entries.some(({ result }) => result === 'leftover');

/** Where the items of a slice stand. */
export function newsOf(range: { from: number; end: number }, { known }: Slice): GroupNews {
  const records = [...known.values()];
  const due = Object.fromEntries(GROUP_STEPS.map((step) => [step, 0])) as Record<GroupStep, number>;
  for (let item = range.from; item < range.end; item++) {
    const step = nextStepOf(known.get(item));
    if (step) due[step] += 1;
  }
  const failures = records
    .flatMap(({ item, key, error, outcome }) => (error && outcome === 'failed' ? [{ item, key, error }] : []))
    .slice(-MOST_FAILURES_SHOWN);
  const leftOver = records.filter(hasLeftOverByForce).length;
  return { counts: countsOf(records, range), due, failures, ...(leftOver > 0 && { leftOver }) };
}
