import type { Claimant, KeyClaim } from '../../contracts/batch/key-claim';
import { failure } from '../../contracts/failures';
import type { ProviderName } from '../../contracts/ids';
import { createItemOutcomes } from '../../storage/batches/item-outcomes';
import type { ActivityDependencies } from '../dependencies';
import type { KeyFacts } from './key-facts';

/** What is asked before a claim: of Temporal and of the store. */
type AskedOfHolder = Pick<KeyFacts, 'isClaimed' | 'isOpen' | 'outcomeOf'>;

/**
 * Makes the key this claimant's, before anything of it is made. A claim of somebody who has ended is taken over.
 * @returns the claim before, if there was one of somebody else or of another run.
 * @throws KeyInUse naming who is at work on the key
 */
export async function claimKey(
  deps: ActivityDependencies,
  { provider, key }: { provider: ProviderName; key: string },
  { by, facts = askAlone(deps) }: { by: Claimant; facts?: AskedOfHolder },
): Promise<KeyClaim | undefined> {
  if (facts.isClaimed) return undefined;
  const { claims } = deps.batches;
  let attempt = await claims.claim({ owner: deps.owner, provider, key }, by);
  while (!attempt.claimed) {
    const { holder } = attempt;
    if (await isAtWork(holder.by, facts)) throw keyInUse(key, holder.by);
    attempt = await claims.takeOver(holder, by);
  }
  return attempt.before;
}

/** True if somebody else has the key, and is at work: a run makes nothing before it has claimed its key. */
export async function isKeyOfAnotherAtWork(
  deps: ActivityDependencies,
  { provider, key, workflowId }: { provider: ProviderName; key: string; workflowId: string },
): Promise<boolean> {
  const { by } = (await deps.batches.claims.holderOf({ owner: deps.owner, provider, key })) ?? {};
  return by !== undefined && by.workflowId !== workflowId && isAtWork(by, askAlone(deps));
}

/** An item may have ended while its group goes on. */
const isAtWork = async (by: Claimant, facts: Pick<AskedOfHolder, 'isOpen' | 'outcomeOf'>): Promise<boolean> =>
  (await facts.isOpen(by)) && (await facts.outcomeOf(by))?.outcome === undefined;

const askAlone = ({ runs, batches, owner }: ActivityDependencies): AskedOfHolder => ({
  isClaimed: false,
  isOpen: ({ workflowId }) => runs.isOpen(workflowId),
  outcomeOf: async ({ batchId, item }) =>
    batchId === undefined || item === undefined
      ? undefined
      : createItemOutcomes(batches.files, { owner, batchId }).ofItem(item),
});

function keyInUse(key: string, { workflowId, batchId }: Claimant) {
  const who = batchId === undefined ? `the lifecycle ${workflowId}` : `the batch "${batchId}"`;
  const words = `key: ${who} is at work on "${key}"; wait for its end, or stop it`;
  return failure('KeyInUse', words, { details: { nothingMade: true } }); // what the key has is the holder's
}
