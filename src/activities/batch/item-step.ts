import type { GroupStep, GroupStepInput } from '../../contracts/batch/groups';
import type { ItemOutcome, ItemWork } from '../../contracts/batch/item-outcome';
import type { ListedItem } from '../../contracts/batch/listed-items';
import type { FailureType } from '../../contracts/failures';
import type { AcceptedInput } from '../../contracts/lifecycle-input';
import type { AssetResource, LifecycleTag, Resource } from '../../contracts/resource';
import { isAsset } from '../../contracts/resource';
import type { ActivityDependencies } from '../dependencies';
import type { GroupKeyFacts, ItemKeyFacts } from './existing/group-key-facts';

/** An item's turn at a step. */
export interface ItemTurn {
  deps: ActivityDependencies;
  group: GroupStepInput;
  item: ListedItem;
  input: AcceptedInput;
  record: ItemOutcome | undefined;
  keyFacts: ItemKeyFacts;
  signal: AbortSignal;
}

/** A step of a group, as one item takes it. */
export interface ItemStep {
  isDue(record: ItemOutcome | undefined, item: number): boolean;
  /** What is to be in the store before anything happens. */
  begin?(turn: ItemTurn): ItemOutcome;
  /** All begin before the first is taken: nobody tells of them again. */
  beginsTogether?: true;
  /**
   * It is not left after those that got on: no round follows for the others. In an outage, or at a limit, no further item begins
   * until the next attempt.
   */
  leavesNobody?: true;
  /** What is done for those that begin together, whose turn no earlier attempt has taken, once that is in the store. */
  prepare?(turns: readonly ItemTurn[], keyFacts: GroupKeyFacts): Promise<void>;
  /** Whether an earlier attempt may have taken the item's turn; without it, any may have. */
  mayHaveBegun?(record: ItemOutcome | undefined): boolean;
  /** @returns where the item stands then. @throws a failure, which is the item's alone */
  take(turn: ItemTurn): Promise<ItemOutcome>;
  /** What a broken attempt has told, which is to be kept for the next one or for cleanup. */
  afterBreak?(turn: ItemTurn, error: unknown): ItemOutcome | undefined;
  /** Fewest items that begin together, if not as many as are taken at once: after a death each of them is looked for. */
  beginsAtLeast?(deps: ActivityDependencies, group: GroupStepInput): number;
  /** Most items at once. */
  atOnce(deps: ActivityDependencies, group: GroupStepInput): number;
  /** Whether items wait until those of groups that came before have been taken, where not all can be taken at once. */
  inTurn?(deps: ActivityDependencies, group: GroupStepInput): boolean;
  beatMs: number;
  /** No round follows: the activity is tried again until all items have taken the step. */
  untilAll?: boolean;
  /** It only waits, so that it can be left at any time. */
  waits?: boolean;
}

/** The step that an item is due for; `undefined` once it has ended. */
export function nextStepOf(record: ItemOutcome | undefined): GroupStep | undefined {
  if (!record) return 'submit';
  if (record.outcome) return undefined;
  switch (record.phase) {
    case 'pending':
    case 'creating':
      return 'submit';
    case 'processing':
      return 'settle';
    case 'cleaning':
      return 'clean';
    default: {
      const branches = record.work?.branches ?? [];
      if (branches.some(({ started }) => !started)) return 'branch';
      return record.branches?.some(({ status }) => status === 'running') ? 'collect' : 'release';
    }
  }
}

/** The record of an item that is on its way. */
export function onItsWay({ record }: ItemTurn): ItemOutcome & { work: ItemWork } {
  if (!record?.work) throw new Error('an item took a step before its submission');
  return { ...record, work: record.work };
}

/** The tag of what an item makes: the group owns it. */
export const tagOf = ({ group: { workflowId }, input: { key, cleanup }, record }: ItemTurn): LifecycleTag => ({
  key,
  workflowId,
  runId: record?.work?.runId ?? '',
  onCancel: cleanup.onCancel,
  onFailure: cleanup.onFailure,
});

/** The resources with changes to the item's own asset. */
export const withAsset = (made: readonly Resource[], changes: Partial<AssetResource>): Resource[] =>
  made.map((one) => (isAsset(one) ? { ...one, ...changes } : one));

/** Most items at once in a step whose calls are each item's own. */
const MOST_AT_ONCE = 16;

/**
 * Items at once in a step that calls the provider for each: where submissions are gathered all of them, since they wait for
 * each other there, and share what is asked.
 */
export const itemsAtOnce: ItemStep['atOnce'] = (deps, group) =>
  areGathered(deps, group) ? group.end - group.from : MOST_AT_ONCE;

/** Whether the provider takes many submissions in one request. */
export const areGathered = ({ accounts }: ActivityDependencies, { provider }: GroupStepInput): boolean =>
  (accounts[provider]?.provider.traits.gatherMs ?? 0) > 0;

/** An item that has failed: it is cleaned up after, unless it made nothing. */
export function failedItem(turn: ItemTurn, { message }: Error, type: FailureType): ItemOutcome {
  const { group, item, record, input } = turn;
  const error = record?.error ?? { type, message };
  const common = { ...record, item: item.item, key: item.key, of: group.start, error, sizeBytes: item.sizeBytes };
  const { work } = common;
  const madeNothing = !work || work.made.length === 0 || record?.phase === 'pending';
  if (!madeNothing) return { ...common, phase: 'cleaning', work: { ...work, left: undefined } };
  const { ended = [] } = work ?? {};
  const receipt = ended.length > 0 ? { policy: input.cleanup.onFailure, entries: [...ended] } : undefined;
  return { ...common, phase: 'failed', outcome: 'failed', receipt, work: undefined };
}
