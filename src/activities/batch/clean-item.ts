import { ApplicationFailure } from '@temporalio/common';
import type { ItemOutcome, ItemStop } from '../../contracts/batch/item-outcome';
import type { CleanupPolicy } from '../../contracts/cleanup-policy';
import { failureType } from '../../contracts/failures';
import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import type { Resource } from '../../contracts/resource';
import { leftover } from '../cleanup/receipt-entry';
import { createRemoveResources } from '../cleanup/remove-resources';
import { BEATS } from '../lib/activity-call';
import { CLEANUP_TRIED_FOR_MS, isTroubledFor } from './group/troubled-items';
import { itemsAtOnce, nextStepOf, onItsWay, tagOf, type ItemStep, type ItemTurn } from './item-step';

const common = { atOnce: itemsAtOnce, beatMs: BEATS.write };

/** Cleans up after items that failed, as their policy says, and after those that were stopped by themselves. */
export const cleanItem: ItemStep = {
  isDue: (record) => nextStepOf(record) === 'clean',
  take: async (turn) => {
    const { stop } = onItsWay(turn).work;
    if (stop) return stopped(turn, stop);
    return { ...(await cleaned(turn, turn.input.cleanup.onFailure)), phase: 'failed', outcome: 'failed' };
  },
  ...common,
};

/**
 * Ends items that are under way. One that was never begun stays as it is, and one that is being stopped by itself ends as was
 * asked for it, unless this is by force.
 */
export const stopItem = (stop: ItemStop): ItemStep => ({
  isDue: (record) => record?.outcome === undefined && record?.work !== undefined,
  take: (turn) => stopped(turn, stop.outcome === 'deleted' ? stop : (onItsWay(turn).work.stop ?? stop)),
  untilAll: true,
  ...common,
});

/**
 * Ends those that are named, also if they were never begun; force also removes what one has made that had ended. What cannot be
 * cleaned up at once is cleaned up by a later step.
 */
export const stopNamed = ({ outcome, policy, reason }: ItemStop, items: readonly number[]): ItemStep => {
  const stop = { outcome, policy, reason };
  /** Those that had ended, as they were. */
  const ended = new Map<number, ItemOutcome>();
  const taken = new Set<number>();
  return {
    isDue: (record, item) => {
      const isLeft = record?.outcome === undefined || (outcome === 'deleted' && record.outcome !== 'deleted');
      return items.includes(item) && !taken.has(item) && isLeft;
    },
    begin: (turn) => {
      const { record, item, group } = turn;
      if (record?.outcome) {
        ended.set(item.item, record);
        return madeAgain(turn, record, stop);
      }
      if (!record?.work) return { item: item.item, key: item.key, of: group.start, reason, phase: outcome, outcome };
      const phase = record.phase === 'pending' ? 'pending' : 'cleaning';
      return { ...record, phase, work: { ...record.work, stop } };
    },
    take: async (turn) => {
      const { record, item } = turn;
      taken.add(item.item);
      if (record?.outcome) return record;
      const before = ended.get(item.item);
      return before && (await isKeyOfAnother(turn)) ? before : stopped(turn, stop);
    },
    beginsTogether: true,
    ...common,
  };
};

/** On its way once more, with what it had made. */
function madeAgain(turn: ItemTurn, record: ItemOutcome, stop: ItemStop): ItemOutcome {
  const since = record.startedAt ?? new Date().toISOString();
  const { id, adopted = false } = record.asset ?? {};
  const work = { runId: turn.group.runId, since, stop };
  const again = { ...record, phase: 'cleaning', outcome: undefined, endedAt: undefined } as const;
  const tag = tagOf({ ...turn, record: { ...again, work: { ...work, made: [] } } });
  const filename = turn.item.filename || undefined;
  const made = { kind: 'asset', id, adopted, tag, filename, since, ofEarlierRuns: id === undefined } as const;
  return { ...again, work: { ...work, made: [made] } };
}

async function stopped(turn: ItemTurn, { outcome, policy, reason }: ItemStop): Promise<ItemOutcome> {
  const record = { ...(await cleaned(turn, policy ?? turn.input.cleanup.onCancel)), reason };
  const leftOver = record.receipt?.entries.find(({ result }) => result === 'leftover');
  if (!leftOver) return { ...record, phase: outcome, outcome };
  const { resource, id = '', because, errorType = 'Unexpected' } = leftOver;
  const message = `Cleanup could not finish: ${resource} ${id} is left over: ${because}`;
  return { ...record, error: record.error ?? { type: errorType, message }, phase: 'failed', outcome: 'failed' };
}

async function cleaned(turn: ItemTurn, policy: CleanupPolicy): Promise<ItemOutcome> {
  const record = onItsWay(turn);
  const { made, ended = [] } = record.work;
  const mayHaveMade = made.length > 0 && record.phase !== 'pending' && !(await isKeyOfAnother(turn));
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

/** An item claims its key first: one whose claim is somebody else's has made nothing, and has adopted nothing. */
async function isKeyOfAnother({ deps, group, item, input }: ItemTurn): Promise<boolean> {
  const { provider, key } = input;
  const { by } = (await deps.batches.claims.holderOf({ owner: deps.owner, provider, key })) ?? {};
  return by !== undefined && (by.workflowId !== group.workflowId || by.item !== item.item);
}
