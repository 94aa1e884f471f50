import { ApplicationFailure } from '@temporalio/common';
import type { GroupInput } from '../../contracts/batch/groups';
import type { ItemOutcome, ItemStop, ItemWork } from '../../contracts/batch/item-outcome';
import type { CleanupPolicy } from '../../contracts/cleanup-policy';
import { failureType } from '../../contracts/failures';
import type { Receipt, ReceiptEntry } from '../../contracts/lifecycle-status';
import type { Resource } from '../../contracts/resource';
import { leftover } from '../cleanup/receipt-entry';
import { createRemoveResources } from '../cleanup/remove-resources';
import { BEATS } from '../lib/activity-call';
import { CLEANUP_TRIED_FOR_MS, isTroubledFor } from './group/troubled-items';
import { itemsAtOnce, nextStepOf, onItsWay, tagOf, type ItemStep, type ItemTurn } from './item-step';

/** Where submissions are gathered, more at once share what is asked; but those under way end also when a removal is cancelled. */
const MOST_REMOVED_AT_ONCE = 100;
const SET_ASIDE_AFTER_MS = 10 * 60_000;

const common = { atOnce: itemsAtOnce, beatMs: BEATS.write };

/** Cleans up after items that failed, as their policy says, and after those that were stopped by themselves. */
export const cleanItem: ItemStep = {
  isDue: (record) => nextStepOf(record) === 'clean',
  take: async (turn) => {
    const { stop } = onItsWay(turn).work;
    if (stop) return stopped(turn, stop);
    const { onFailure: policy } = turn.input.cleanup;
    const record = await cleaned(turn, { policy, hasKey: await hasItsKey(turn) });
    return { ...record, phase: 'failed', outcome: 'failed' };
  },
  ...common,
};

/**
 * Ends items that are under way. One that was never begun stays as it is, and one that is being stopped by itself ends as was
 * asked for it, unless this is by force. Of a removal only those end that it has begun.
 */
export const stopItem = (stop: ItemStop, { deletes }: Pick<GroupInput, 'deletes'>): ItemStep => ({
  isDue: (record) => record?.outcome === undefined && record?.work !== undefined && (!deletes || !!record.work.stop),
  take: (turn) => {
    const own = onItsWay(turn).work.stop;
    return stopped(turn, stop.outcome === 'deleted' ? { ...stop, reason: stop.reason ?? own?.reason } : (own ?? stop));
  },
  untilAll: true,
  ...common,
});

/**
 * Ends those that are named, also if they were never begun; force also removes what one has made that had ended. What cannot be
 * cleaned up at once is cleaned up by a later step.
 */
export const stopNamed = ({ outcome, policy, reason }: ItemStop, items: readonly number[]): ItemStep => {
  const stop = { outcome, policy, reason };
  const taken = new Set<number>();
  return {
    isDue: (record, item) => {
      const isLeft = record?.outcome === undefined || (outcome === 'deleted' && !isGone(record));
      return items.includes(item) && !taken.has(item) && isLeft;
    },
    begin: (turn) => {
      const { record, item, group } = turn;
      const { start: of } = group;
      if (record?.outcome) return madeAgain(turn, record, { stop, before: record });
      if (!record?.work) return { item: item.item, key: item.key, of, reason, phase: outcome, outcome };
      const { work, ...known } = { ...record, work: record.work, of };
      if (record.phase !== 'pending') return { ...known, phase: 'cleaning', work: stoppedWork(work, stop) };
      if (outcome === 'deleted') return madeAgain(turn, record, { stop }); // an earlier start may have made something
      return { ...known, reason, receipt: receiptOf(turn, work, stop), phase: outcome, outcome };
    },
    take: async (turn) => {
      const { record, item } = turn;
      taken.add(item.item);
      return record?.outcome ? record : stopped(turn, record?.work?.stop ?? stop);
    },
    beginsTogether: true,
    ...common,
  };
};

/**
 * Removes what each of them has made, some at a time: those that have not begun stay when that is not wanted any more. What is
 * in trouble for long is left to a later step, so that it holds up nobody.
 */
export const removeNamed = (stop: ItemStop, items: readonly number[]): ItemStep => {
  const named = stopNamed(stop, items);
  return {
    ...named,
    isDue: (record, item) => named.isDue(record, item) && !isTroubledFor(record, SET_ASIDE_AFTER_MS),
    beginsTogether: undefined,
    leavesNobody: true,
    atOnce: (deps, group) => Math.min(itemsAtOnce(deps, group), MOST_REMOVED_AT_ONCE),
  };
};

/** Of one that was stopped before it came to its asset an earlier start may have one. What never began has no receipt. */
const isGone = ({ outcome, receipt }: ItemOutcome): boolean =>
  outcome === 'deleted' &&
  (receipt === undefined ||
    receipt.entries.some(({ resource, result }) => resource === 'asset' && result === 'deleted'));

/** A force that was asked for before stays one, and trouble that is tried again goes on. */
const stoppedWork = (work: ItemWork, stop: ItemStop): ItemWork =>
  work.stop === undefined
    ? { ...work, troubledSince: undefined, stop }
    : { ...work, stop: work.stop.outcome === 'deleted' ? work.stop : stop };

/** Of one that has made nothing. */
const receiptOf = ({ input }: ItemTurn, { ended = [] }: ItemWork, { policy }: ItemStop): Receipt => ({
  policy: policy ?? input.cleanup.onCancel,
  entries: [...ended],
});

/** On its way once more, with what it had made. @param before what it is to be, should somebody else have its key by now */
function madeAgain(
  turn: ItemTurn,
  record: ItemOutcome,
  { stop, before }: { stop: ItemStop; before?: ItemOutcome },
): ItemOutcome {
  const since = record.startedAt ?? new Date().toISOString();
  const { id, adopted = false } = record.asset ?? {};
  const work = { runId: turn.group.runId, since, stop, before };
  const { error: _its, ...known } = record; // it says nothing of the removal
  const again = { ...known, of: turn.group.start, phase: 'cleaning', outcome: undefined, endedAt: undefined } as const;
  const tag = tagOf({ ...turn, record: { ...again, work: { ...work, made: [] } } });
  const filename = turn.item.filename || undefined;
  const made = { kind: 'asset', id, adopted, tag, filename, since, ofEarlierRuns: id === undefined } as const;
  return { ...again, work: { ...work, made: [made] } };
}

async function stopped(turn: ItemTurn, { outcome, policy, reason }: ItemStop): Promise<ItemOutcome> {
  const { before, runId } = onItsWay(turn).work;
  const isOfEarlierRun = runId !== turn.group.runId; // whoever looks at its claim sees that this has closed
  const hasKey = before || isOfEarlierRun ? await takesKey(turn) : await hasItsKey(turn);
  if (before && !hasKey) return leftToItsHolder(before);
  const record = { ...(await cleaned(turn, { policy: policy ?? turn.input.cleanup.onCancel, hasKey })), reason };
  const leftOver = record.receipt?.entries.find(({ result }) => result === 'leftover');
  if (!leftOver) return { ...record, phase: outcome, outcome };
  const { resource, id = '', because, errorType = 'Unexpected' } = leftOver;
  const message = `Cleanup could not finish: ${resource} ${id} is left over: ${because}`;
  return { ...record, error: record.error ?? { type: errorType, message }, phase: 'failed', outcome: 'failed' };
}

/** What force had left over is of whoever has the key by now. */
function leftToItsHolder(before: ItemOutcome): ItemOutcome {
  const { receipt } = before;
  if (!receipt?.entries.some(({ result }) => result === 'leftover')) return before;
  const entries = receipt.entries.map(({ errorType, ...one }): ReceiptEntry =>
    one.result === 'leftover'
      ? { ...one, result: 'kept', because: `somebody else has the key by now; before that: ${one.because}` }
      : { ...one, errorType },
  );
  return { ...before, receipt: { ...receipt, entries } };
}

async function cleaned(
  turn: ItemTurn,
  { policy, hasKey }: { policy: CleanupPolicy; hasKey: boolean },
): Promise<ItemOutcome> {
  const record = onItsWay(turn);
  const { made, ended = [] } = record.work;
  const mayHaveMade = made.length > 0 && record.phase !== 'pending' && hasKey;
  const entries = mayHaveMade ? await removed(turn, made.toReversed(), policy) : [];
  return { ...record, receipt: { policy, entries: [...entries, ...ended] }, work: undefined };
}

/** What could not be ended for a week is left over. */
async function removed(
  { deps, input: { provider, place }, record }: ItemTurn,
  resources: readonly Resource[],
  policy: CleanupPolicy,
): Promise<ReceiptEntry[]> {
  try {
    return await createRemoveResources(deps)({ provider, place, resources, policy });
  } catch (error) {
    const type = failureType(error);
    if (!(error instanceof ApplicationFailure) || type === undefined || !isTroubledFor(record, CLEANUP_TRIED_FOR_MS))
      throw error;
    const [{ done = [] } = {}] = (error.details ?? []) as { done?: ReceiptEntry[] }[];
    const rest = resources.filter(({ kind, id }) => !done.some((one) => one.resource === kind && one.id === id));
    return [...done, ...rest.map((resource) => leftover(resource, { type, message: error.message }))];
  }
}

/**
 * Makes sure of the key of an item that had ended, or whose group's run had, so that nobody takes it up meanwhile: who has seen
 * its claim before cannot follow it any more. False if somebody has the key.
 */
async function takesKey({ deps, group, item, input }: ItemTurn): Promise<boolean> {
  const { owner, batches } = deps;
  const { provider, key } = input;
  const { workflowId, runId, batchId } = group;
  const by = { workflowId, runId, batchId, item: item.item, removes: true } as const;
  return (await batches.claims.claim({ owner, provider, key }, by)).claimed;
}

/** An item claims its key first: one whose claim is somebody else's has made nothing, and has adopted nothing. */
async function hasItsKey({ deps, group, item, input }: ItemTurn): Promise<boolean> {
  const { provider, key } = input;
  const { by } = (await deps.batches.claims.holderOf({ owner: deps.owner, provider, key })) ?? {};
  return by === undefined || (by.workflowId === group.workflowId && by.item === item.item);
}
