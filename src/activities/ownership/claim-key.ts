import type { Claimant, KeyClaim } from '../../contracts/batch/key-claim';
import { failure } from '../../contracts/failures';
import type { ProviderName } from '../../contracts/ids';
import { createItemOutcomes } from '../../storage/batches/item-outcomes';
import type { ActivityDependencies } from '../dependencies';

/** Whether a run of a claimant's workflow id is open. */
type IsOpen = (by: Claimant) => Promise<boolean>;

/**
 * Makes the key this claimant's, before anything of it is made. A claim of somebody who has ended is taken over.
 * @returns the claim before, if there was one of somebody else or of another run.
 * @throws KeyInUse naming who is at work on the key
 */
export async function claimKey(
  deps: ActivityDependencies,
  { provider, key }: { provider: ProviderName; key: string },
  { by, isOpen = ({ workflowId }) => deps.runs.isOpen(workflowId) }: { by: Claimant; isOpen?: IsOpen },
): Promise<KeyClaim | undefined> {
  const { claims } = deps.batches;
  let attempt = await claims.claim({ owner: deps.owner, provider, key }, by);
  while (!attempt.claimed) {
    const { holder } = attempt;
    if ((await isOpen(holder.by)) && !(await hasEnded(deps, holder.by))) throw keyInUse(key, holder.by);
    attempt = await claims.takeOver(holder, by);
  }
  return attempt.before;
}

/** An item may have ended while its group goes on. */
async function hasEnded({ batches, owner }: ActivityDependencies, { batchId, item }: Claimant): Promise<boolean> {
  if (batchId === undefined || item === undefined) return false;
  const outcomes = createItemOutcomes(batches.files, { owner, batchId });
  return (await outcomes.ofItem(item))?.outcome !== undefined;
}

function keyInUse(key: string, { workflowId, batchId }: Claimant) {
  const who = batchId === undefined ? `the lifecycle ${workflowId}` : `the batch "${batchId}"`;
  return failure('KeyInUse', `key: ${who} is at work on "${key}"; wait for its end, or stop it`);
}
