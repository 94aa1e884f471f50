import { placeOf } from '../../providers/registry';
import { LifecycleClosed, LifecycleNotFailed } from '../../temporal/errors';
import type { ForceDeletion } from '../deletions';
import type { LifecycleCalls } from '../lifecycle-calls';
import { asSent } from '../start/run-input';
import { retryRefusal, withBranch, type RetryOptions } from '../start/retry-lifecycle';
import { startLifecycle, type StartedLifecycle } from '../start/start-lifecycle';
import { deleteClosed, placeFields } from '../stops';
import type { BatchItems, KeyItem } from './batch-items';

/** @throws ItemOfBatch while its batch works on it · LifecycleClosed */
export function cancelItem(items: BatchItems, item: KeyItem): never {
  if (item.isOpen) throw items.mustStopBatch(item);
  const { outcome } = items.status(item);
  throw new LifecycleClosed(
    `"${item.key}" of batch "${item.batchId}" has ended (${outcome}); there is nothing to stop`,
  );
}

/** Removes by force what an item has made, once its group has ended. @throws ItemOfBatch while that runs */
export async function deleteItem(
  calls: LifecycleCalls,
  items: BatchItems,
  item: KeyItem,
  { reason }: { reason?: string },
): Promise<ForceDeletion> {
  if (item.groupIsOpen) throw items.mustStopBatch(item);
  const { input } = await items.listed(item);
  const place = placeFields(calls.provider, placeOf(input));
  return { ...(await deleteClosed(calls, item.key, { reason, ...place })), known: true };
}

/**
 * Takes up a failed item as a lifecycle of its own, which adopts its asset if the content is still the source's.
 * @throws LifecycleNotFailed for one that is under way, has completed or was stopped · InvalidInput
 */
export async function retryItem(
  calls: LifecycleCalls,
  items: BatchItems,
  item: KeyItem,
  { branch, priority }: RetryOptions,
): Promise<StartedLifecycle> {
  const { outcome } = items.status(item);
  if (outcome !== 'failed') throw new LifecycleNotFailed(retryRefusal(item.key, outcome ?? 'running'));
  const { input } = await items.listed(item);
  const changed = branch === undefined ? input : withBranch(asSent(input), branch);
  const keyed = { ...changed, key: item.key };
  return calls.withClientErrors(() => startLifecycle(calls.client, keyed, { again: true, priority }), item.key);
}
