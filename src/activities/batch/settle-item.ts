import { ApplicationFailure } from '@temporalio/common';
import type { ItemOutcome, ItemWork } from '../../contracts/batch/item-outcome';
import { durationMs } from '../../contracts/duration';
import { failure } from '../../contracts/failures';
import type { AssetSnapshot, ReceiptEntry } from '../../contracts/lifecycle-status';
import { createHeldWaits } from '../held-waits';
import { BEATS } from '../lib/activity-call';
import { itemCall, runAsItem } from '../lib/item-call';
import { nextStepOf, onItsWay, withAsset, type ItemStep, type ItemTurn } from './item-step';
import { isAsset } from '../../contracts/resource';

/** Waits until items' assets are ready. A source of which no asset came is submitted again, where that is worth trying. */
export const settleItem: ItemStep = {
  isDue: (record) => nextStepOf(record) === 'settle',

  async take(turn) {
    const { deps, input } = turn;
    const record = onItsWay(turn);
    const { work } = record;
    const { provider, place } = input;
    const pending = work.made.find(isAsset)?.pending;
    const what = pending ? { pending } : { assetId: record.asset?.id };
    const { untilAssetReady } = createHeldWaits(deps);
    const heard = await orLastLook(leftMs(work.waitsSince, input.deadlines.ready), (lastLook) =>
      untilAssetReady({ provider, place, ...what, lastLook }),
    );
    if ('failed' in heard) {
      const { type, message, submissions: worthTrying, ended } = heard.failed;
      const submissions = (work.submissions ?? 0) + 1;
      const again = withoutSubmission(record, ended);
      if (submissions < worthTrying) return { ...again, phase: 'creating', work: { ...again.work, submissions } };
      throw failure(type, message, { details: { nothingCame: ended } });
    }
    return readyItem(turn, record, heard);
  },

  afterBreak(turn, error) {
    const [told] = error instanceof ApplicationFailure ? (error.details ?? []) : [];
    const { nothingCame } = (told ?? {}) as { nothingCame?: ReceiptEntry };
    return nothingCame && withoutSubmission(onItsWay(turn), nothingCame);
  },

  atOnce: (_deps, { from, end }) => end - from,
  beatMs: BEATS.read,
  waits: true,
};

/** Nothing came of what was handed in. */
function withoutSubmission(
  record: ItemOutcome & { work: ItemWork },
  ended: ReceiptEntry,
): ItemOutcome & { work: ItemWork } {
  const { work } = record;
  const made = withAsset(work.made, { pending: undefined });
  return { ...record, work: { ...work, made, ended: [...(work.ended ?? []), ended] } };
}

/** An item whose asset is ready. */
export function readyItem(
  { input }: ItemTurn,
  record: ItemOutcome & { work: ItemWork },
  asset: AssetSnapshot,
): ItemOutcome {
  const { work } = record;
  const branches = input.branches.map((branch) => ({ type: branch.type, status: 'pending' as const, input: branch }));
  return {
    ...record,
    phase: 'branching',
    asset: { ...record.asset, ...asset },
    branches: branches.length > 0 ? branches : undefined,
    work: {
      ...work,
      made: withAsset(work.made, { id: asset.id, pending: undefined }),
      branches: branches.map(() => ({})),
    },
  };
}

/** What is left of a deadline, in milliseconds. */
export const leftMs = (since: string | undefined, deadline: string): number =>
  Date.parse(since ?? new Date().toISOString()) + (durationMs(deadline) ?? 0) - Date.now();

/** Waits for so long, and looks once more then: no worker may have run until the deadline. */
export async function orLastLook<T>(withinMs: number, wait: (lastLook: boolean) => Promise<T>): Promise<T> {
  const call = itemCall();
  if (withinMs <= 0 || !call) return wait(true);
  const deadline = AbortSignal.timeout(Math.min(withinMs, LONGEST_TIMER_MS));
  try {
    return await runAsItem({ ...call, signal: AbortSignal.any([call.signal, deadline]) }, () => wait(false));
  } catch (error) {
    if (!deadline.aborted || call.signal.aborted) throw error;
    return wait(true);
  }
}

/** Node's timers take no more; a group's step ends long before. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
