import type { Claimant } from '../../contracts/batch/key-claim';
import { failure } from '../../contracts/failures';
import type { ProviderName } from '../../contracts/ids';
import { createItemOutcomes } from '../../storage/batches/item-outcomes';
import type { ActivityDependencies } from '../dependencies';

/**
 * Makes the key this claimant's, before anything of it is made. A claim of somebody who has ended is taken over.
 * @throws KeyInUse naming who is at work on the key
 */
export async function claimKey(
  deps: ActivityDependencies,
  { provider, key }: { provider: ProviderName; key: string },
  by: Claimant,
): Promise<void> {
  const { claims } = deps.batches;
  let attempt = await claims.claim({ owner: deps.owner, provider, key }, by);
  while (!attempt.claimed) {
    const { holder } = attempt;
    if (await isAtWork(deps, holder.by)) throw keyInUse(key, holder.by);
    attempt = await claims.takeOver(holder, by);
  }
}

async function isAtWork(deps: ActivityDependencies, { workflowId, batchId, item }: Claimant): Promise<boolean> {
  if (!(await deps.runs.isOpen(workflowId))) return false;
  if (batchId === undefined || item === undefined) return true;
  const outcomes = createItemOutcomes(deps.batches.files, { owner: deps.owner, batchId });
  return (await outcomes.ofItem(item))?.outcome === undefined;
}

function keyInUse(key: string, { workflowId, batchId }: Claimant) {
  const who = batchId === undefined ? `the lifecycle ${workflowId}` : `the batch "${batchId}"`;
  return failure('KeyInUse', `key: ${who} is at work on "${key}"; wait for its end, or stop it`);
}
