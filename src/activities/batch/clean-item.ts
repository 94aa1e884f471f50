import type { StopItemsInput } from '../../contracts/batch/groups';
import type { ItemOutcome } from '../../contracts/batch/item-outcome';
import type { CleanupPolicy } from '../../contracts/cleanup-policy';
import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import { createRemoveResources } from '../cleanup/remove-resources';
import { BEATS } from '../lib/activity-call';
import { itemsAtOnce, nextStepOf, onItsWay, type ItemStep, type ItemTurn } from './item-step';

const common = { atOnce: itemsAtOnce, beatMs: BEATS.write };

/** Cleans up after items that failed, as their policy says. */
export const cleanItem: ItemStep = {
  isDue: (record) => nextStepOf(record) === 'clean',
  take: async (turn) => ({
    ...(await cleaned(turn, turn.input.cleanup.onFailure)),
    phase: 'failed',
    outcome: 'failed',
  }),
  ...common,
};

/** Ends items that are under way. One that was never begun stays as it is, unless it is named. */
export const stopItem = ({ items, policy, outcome, reason }: StopItemsInput): ItemStep => ({
  isDue: (record, item) =>
    items ? items.includes(item) && record?.outcome === undefined : record?.outcome === undefined && isBegun(record),

  async take(turn) {
    const { item, group } = turn;
    if (!isBegun(turn.record))
      return { item: item.item, key: item.key, of: group.start, reason, phase: outcome, outcome };
    const record = { ...(await cleaned(turn, policy ?? turn.input.cleanup.onCancel)), reason };
    const leftover = record.receipt?.entries.find(({ result }) => result === 'leftover');
    if (!leftover) return { ...record, phase: outcome, outcome };
    const { resource, id = '', because, errorType = 'Unexpected' } = leftover;
    const message = `Cleanup could not finish: ${resource} ${id} is left over: ${because}`;
    return { ...record, error: record.error ?? { type: errorType, message }, phase: 'failed', outcome: 'failed' };
  },
  untilAll: true,
  ...common,
});

const isBegun = (record: ItemOutcome | undefined): boolean => record?.work !== undefined;

async function cleaned(turn: ItemTurn, policy: CleanupPolicy): Promise<ItemOutcome> {
  const record = onItsWay(turn);
  const { made, ended = [] } = record.work;
  const { provider, place } = turn.input;
  const mayHaveMade = made.length > 0 && record.phase !== 'pending' && !(await isKeyOfAnother(turn));
  const entries: ReceiptEntry[] = mayHaveMade
    ? await createRemoveResources(turn.deps)({ provider, place, resources: made.toReversed(), policy })
    : [];
  return { ...record, receipt: { policy, entries: [...entries, ...ended] }, work: undefined };
}

/** Before its create an item claims its key: one whose claim is somebody else's has made nothing. */
async function isKeyOfAnother({ deps, group, item, input }: ItemTurn): Promise<boolean> {
  const { provider, key, source } = input;
  if (source.type === 'asset') return false; // it makes none
  const { by } = (await deps.batches.claims.holderOf({ owner: deps.owner, provider, key })) ?? {};
  return by !== undefined && (by.workflowId !== group.workflowId || by.item !== item.item);
}
