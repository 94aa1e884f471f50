import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { BatchOutcome, BatchStatus, ListedBatch } from '../../../contracts/batch/batch-status';
import { MOST_FAILURES_SHOWN, type GroupEnd, type ItemFailure } from '../../../contracts/batch/groups';
import {
  addCounts,
  NO_COUNTS,
  withoutCounts,
  type BatchCounts,
  type ItemRange,
} from '../../../contracts/batch/item-outcome';
import { SEARCH_ATTRIBUTES, type ProviderName } from '../../../contracts/ids';
import { OUTCOMES } from '../../../contracts/lifecycle-status';
import { detailsOfBatch } from './words';

/** The batch, and what is done with it. */
interface BatchInProgress {
  batchId: string;
  provider: ProviderName;
  inFlight: number;
  /** What its items have made is removed. */
  deletes?: boolean;
}

/** A group that was started and has not told its end. */
export interface OpenGroup extends ItemRange {
  /** Epoch milliseconds: when it was started, last heard of, or last looked at. */
  heardAt: number;
  /** It ran already when this run of the batch came to it. */
  adopted?: boolean;
  fileQueue?: string;
  aFile?: string;
  counts: BatchCounts;
  failures: readonly ItemFailure[];
}

/** What a run of a batch hands on to the next of how far it is. */
export interface CarriedProgress {
  status: BatchStatus;
  listed?: ListedBatch;
  open: OpenGroup[];
  ended: BatchCounts;
  endedBefore: number;
  failures: readonly ItemFailure[];
  paused: boolean;
  aside?: GroupAside[];
}

interface GroupAside extends ItemRange {
  counts: BatchCounts;
  /** It has ended without a word, so that its last step may have written more than was seen. */
  isUntold?: boolean;
}

/** All but those that are gone already. */
function beginsToDelete(items: number, { by: { deleted = 0 } } = NO_COUNTS): BatchCounts {
  return { items, by: { ...(deleted > 0 && { deleted }), cleaning: items - deleted }, bytes: 0 };
}

/** Only so many are shown, and a group tells its own again when it ends: those of a thousand groups would be megabytes. */
function withShownFailures(open: readonly OpenGroup[]): OpenGroup[] {
  let left = MOST_FAILURES_SHOWN;
  const shown = open.toReversed().map((group) => {
    const failures = group.failures.slice(Math.max(0, group.failures.length - left));
    left -= failures.length;
    return { ...group, failures };
  });
  return shown.toReversed();
}

/** How far a batch is, as its query, its search attributes and its details tell it. */
export class BatchProgress {
  readonly status: BatchStatus;
  /** Open groups by their first item; changed only by `addOpen` and `removeOpen`, which keep the sums. */
  private readonly openGroups = new Map<number, OpenGroup>();
  private openCounts = NO_COUNTS;
  private openItems = 0;
  ended: BatchCounts;
  /** Groups that are to run again or to be counted again, by their first item; what they had told counts until then. */
  private readonly aside: Map<number, GroupAside>;
  private listed: ListedBatch | undefined;
  /** Items that had completed in an earlier start: they say nothing of the rate. */
  private endedBefore: number;
  private failures: readonly ItemFailure[];
  private paused: boolean;
  private stopping = false;
  private shown: string | undefined;

  private readonly deletes: boolean;

  constructor({ batchId, provider, inFlight, deletes = false }: BatchInProgress, carried: CarriedProgress | undefined) {
    this.deletes = deletes;
    this.status = carried?.status ?? {
      ...{ batchId, provider, phase: 'listing', counts: NO_COUNTS, refused: 0, totalBytes: 0, groups: 0, inFlight },
      failures: [],
      timings: { startedAt: workflowInfo().startTime.toISOString() },
    };
    this.listed = carried?.listed;
    this.ended = carried?.ended ?? NO_COUNTS;
    this.endedBefore = carried?.endedBefore ?? 0;
    this.failures = carried?.failures ?? [];
    this.paused = carried?.paused ?? false;
    this.aside = new Map(carried?.aside?.map((group) => [group.from, group]));
    for (const group of carried?.open ?? []) this.addOpen(group);
  }

  get open(): ReadonlyMap<number, OpenGroup> {
    return this.openGroups;
  }

  /** Items of open groups that have not ended, as far as the groups have told. */
  get itemsUnderWay(): number {
    const { by } = this.openCounts;
    return OUTCOMES.reduce((items, outcome) => items - (by[outcome] ?? 0), this.openItems);
  }

  get carried(): CarriedProgress {
    const { status, listed, ended, endedBefore, failures, paused } = this;
    const open = withShownFailures([...this.open.values()]);
    const aside = [...this.aside.values()];
    return { status, listed, open, ended, endedBefore, failures, paused, aside };
  }

  get isPaused(): boolean {
    return this.paused;
  }

  noteListed(listed: ListedBatch): void {
    this.listed = listed;
    const { refused, bytes, uri } = listed;
    Object.assign(this.status, { refused, totalBytes: bytes, uri });
    this.status.timings.listedAt = new Date().toISOString();
    this.show();
  }

  noteCompletedBefore(counts: BatchCounts): void {
    this.ended = addCounts(this.ended, counts);
    this.endedBefore += counts.items;
  }

  noteStarted({ from, end, fileQueue, aFile }: ItemRange & Pick<OpenGroup, 'fileQueue' | 'aFile'>): OpenGroup {
    const items = end - from;
    const aside = this.aside.get(from)?.counts;
    const counts = this.deletes
      ? beginsToDelete(items, aside)
      : (aside ?? { items, by: { creating: items }, bytes: 0 });
    const open: OpenGroup = { from, end, fileQueue, aFile, heardAt: Date.now(), counts, failures: [] };
    this.aside.delete(from);
    this.addOpen(open);
    this.show();
    return open;
  }

  /** Where an open group stands by now. */
  noteNews({ from, counts, failures }: GroupEnd): void {
    const group = this.open.get(from);
    if (!group) return;
    this.openCounts = addCounts(withoutCounts(this.openCounts, group.counts), counts);
    Object.assign(group, { counts, failures, heardAt: Date.now() });
    this.show();
  }

  noteEnd({ from, end, counts, failures, error }: GroupEnd): void {
    if (!this.open.has(from)) return;
    this.removeOpen(from);
    this.ended = addCounts(this.ended, counts);
    this.failures = [...this.failures, ...failures].slice(-MOST_FAILURES_SHOWN);
    if (error) this.status.error ??= { ...error, message: `items ${from} to ${end - 1}: ${error.message}` };
    this.show();
  }

  /** What it told counts until then where a pause has held it back, and not at all of an earlier start. */
  noteToRunAgain({ from, end }: ItemRange, { counts, isHeldBack }: GroupEnd): void {
    this.removeOpen(from);
    if (isHeldBack) this.aside.set(from, { from, end, counts });
    this.show();
  }

  /** It was seen to have ended. */
  noteUntold({ from, end, counts, failures }: GroupEnd): void {
    this.removeOpen(from);
    this.aside.set(from, { from, end, counts, isUntold: true });
    this.failures = [...this.failures, ...failures].slice(-MOST_FAILURES_SHOWN);
    this.show();
  }

  /** Nothing runs again, and the store tells of those aside. @returns those that ended without a word */
  takeUntold(): ItemRange[] {
    const untold = [...this.aside.values()].filter(({ isUntold }) => isUntold);
    this.aside.clear();
    return untold.map(({ from, end }) => ({ from, end }));
  }

  notePause(paused: boolean): void {
    this.paused = paused;
    this.show();
  }

  noteStop(reason: string | undefined): void {
    this.stopping = true;
    this.status.reason = reason ?? this.status.reason;
    this.show();
  }

  close(outcome: BatchOutcome): BatchStatus {
    const { status } = this;
    status.outcome = outcome;
    status.phase = outcome;
    status.timings.closedAt = new Date().toISOString();
    delete status.secondsLeft;
    this.show();
    return status;
  }

  show(): void {
    const { status, ended, open, openCounts, listed } = this;
    const items = listed?.items ?? 0;
    const underWay = [...this.aside.values()].reduce((all, { counts }) => addCounts(all, counts), openCounts);
    const known = addCounts(ended, underWay);
    const unseen = items - known.items;
    const pending = unseen > 0 ? { items: unseen, by: { pending: unseen }, bytes: 0 } : NO_COUNTS;
    status.counts = addCounts(known, pending);
    status.groups = open.size;
    const shown = [...this.failures, ...[...open.values()].flatMap(({ failures }) => failures)];
    status.failures = shown.slice(-MOST_FAILURES_SHOWN);
    if (!status.outcome) status.phase = this.phase;
    this.tellRate();
    this.tellAttributes();
    setCurrentDetails(detailsOfBatch(status, this.deletes));
  }

  private addOpen(group: OpenGroup): void {
    this.removeOpen(group.from);
    this.openGroups.set(group.from, group);
    this.openCounts = addCounts(this.openCounts, group.counts);
    this.openItems += group.end - group.from;
  }

  private removeOpen(from: number): void {
    const group = this.openGroups.get(from);
    if (!group) return;
    this.openGroups.delete(from);
    this.openCounts = withoutCounts(this.openCounts, group.counts);
    this.openItems -= group.end - group.from;
  }

  private get phase(): BatchStatus['phase'] {
    if (this.stopping) return 'stopping';
    if (!this.listed && !this.deletes) return 'listing';
    if (this.paused) return 'paused';
    return this.deletes ? 'cleaning' : 'running';
  }

  private tellRate(): void {
    const { status, ended, endedBefore, listed } = this;
    const { listedAt } = status.timings;
    const seconds = listedAt === undefined ? 0 : (Date.now() - Date.parse(listedAt)) / 1000;
    const done = ended.items - (ended.by.pending ?? 0) - endedBefore;
    if (seconds <= 0 || done <= 0) return;
    status.itemsPerSec = done / seconds;
    if (!status.outcome)
      status.secondsLeft = ((listed?.begun ?? status.counts.items) - ended.items) / status.itemsPerSec;
  }

  /** Changes cost an event each, so only what lists are asked for is told. */
  private tellAttributes(): void {
    const { batchId, provider, phase, outcome } = this.status;
    if (this.shown === phase) return;
    upsertSearchAttributes([
      { key: SEARCH_ATTRIBUTES.batch, value: batchId },
      { key: SEARCH_ATTRIBUTES.provider, value: provider },
      { key: SEARCH_ATTRIBUTES.phase, value: phase },
      ...(outcome ? [{ key: SEARCH_ATTRIBUTES.outcome, value: outcome }] : []),
    ]);
    this.shown = phase;
  }
}
