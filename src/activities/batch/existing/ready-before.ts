import { isDeepStrictEqual } from 'node:util';
import type { ItemBranch } from '../../../contracts/batch/item-outcome';
import { createItemOutcomes } from '../../../storage/batches/item-outcomes';
import { onItsWay, type ItemTurn } from '../item-step';

/** Most earlier claims of a key that are looked at. */
const MAX_EARLIER_CLAIMS = 10;

/**
 * A branch of the item that an item of an earlier batch has ready, with the same input over the same asset: it is not taken
 * again. What lifecycles of their own have taken is not known here.
 */
export async function readyBefore(turn: ItemTurn, nth: number): Promise<ItemBranch | undefined> {
  const { deps, group, item, input } = turn;
  const { asset } = onItsWay(turn);
  if (!asset?.completedBefore) return undefined;
  const { owner, batches } = deps;
  const history = await batches.claims.history({ owner, provider: input.provider, key: item.key });
  for (const { by } of history.slice(0, MAX_EARLIER_CLAIMS)) {
    if (by.batchId === undefined || by.item === undefined || by.batchId === group.batchId) continue;
    const earlier = await createItemOutcomes(batches.files, { owner, batchId: by.batchId }).ofItem(by.item);
    if (earlier?.outcome !== 'completed' || earlier.asset?.id !== asset.id) continue;
    const same = earlier.branches?.find((one) => isDeepStrictEqual(one.input, input.branches[nth]));
    if (same?.status === 'ready') return same;
  }
  return undefined;
}
