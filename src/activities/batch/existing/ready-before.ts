import { isDeepStrictEqual } from 'node:util';
import type { ItemBranch } from '../../../contracts/batch/item-outcome';
import type { Claimant } from '../../../contracts/batch/key-claim';
import { branchesLeft } from '../../../contracts/branches/left-branches';
import { acceptAgain } from '../../../providers/registry';
import type { ActivityDependencies } from '../../dependencies';
import { onItsWay, type ItemTurn } from '../item-step';

/** Most earlier claims of a key that are looked at. */
const MAX_EARLIER_CLAIMS = 10;

/**
 * A branch of the item that somebody who had the key before has ready, with the same input over the same asset: it is not
 * taken again.
 */
export async function readyBefore(turn: ItemTurn, nth: number): Promise<ItemBranch | undefined> {
  const { deps, group, item, input } = turn;
  const { asset } = onItsWay(turn);
  if (!asset?.completedBefore || asset.adoptedUnchecked) return undefined;
  const { owner, batches } = deps;
  const history = await batches.claims.history({ owner, provider: input.provider, key: item.key });
  for (const { by } of history.slice(0, MAX_EARLIER_CLAIMS)) {
    if (by.batchId === group.batchId) continue;
    const ready = by.batchId === undefined ? await ofLifecycle(deps, by, asset.id) : await ofItem(turn, by, asset.id);
    const same = ready.find((one) => isDeepStrictEqual(one.input, input.branches[nth]));
    if (same?.status === 'ready') return same;
  }
  return undefined;
}

async function ofItem({ keyFacts }: ItemTurn, by: Claimant, assetId: string): Promise<readonly ItemBranch[]> {
  const earlier = await keyFacts.outcomeOf(by);
  return earlier?.outcome === 'completed' && earlier.asset?.id === assetId ? (earlier.branches ?? []) : [];
}

async function ofLifecycle(
  { runs }: ActivityDependencies,
  { workflowId }: Claimant,
  assetId: string,
): Promise<readonly ItemBranch[]> {
  const run = await runs.lastClosed(workflowId);
  if (run?.status.asset?.id !== assetId) return [];
  return branchesLeft(run, acceptAgain(run.input)).map(({ runId: _of, ...branch }) => branch);
}
