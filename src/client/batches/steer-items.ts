import { CANCEL_ITEM_SIGNAL, FORCE_DELETE_ITEM_SIGNAL } from '../../contracts/ids';
import type { CancelRequest, ForceDeleteRequest, ItemStopRequest } from '../../contracts/messages';
import { placeOf } from '../../providers/registry';
import { ItemOfBatch, LifecycleClosed, LifecycleNotFailed, LifecycleNotFound } from '../../temporal/errors';
import type { ForceDeletion } from '../deletions';
import type { LifecycleCalls } from '../lifecycle-calls';
import { asSent } from '../start/run-input';
import { retryRefusal, withBranch, type RetryOptions } from '../start/retry-lifecycle';
import { startLifecycle, type StartedLifecycle } from '../start/start-lifecycle';
import { deleteClosed, placeFields } from '../stops';
import type { BatchItems, KeyItem } from './batch-items';

/** Asks an item to stop; the others of its batch go on. @throws LifecycleClosed */
export async function cancelItem(
  calls: LifecycleCalls,
  items: BatchItems,
  item: KeyItem,
  request: CancelRequest,
): Promise<void> {
  if (item.isOpen && (await signalItem(calls, item, { name: CANCEL_ITEM_SIGNAL, request }))) return;
  const { outcome = 'meanwhile' } = items.status(item);
  throw new LifecycleClosed(
    `"${item.key}" of batch "${item.batchId}" has ended (${outcome}); there is nothing to stop`,
  );
}

/** A force-delete that was asked for; without calls, it is followed by its key. */
type Asked = Omit<ForceDeletion, 'status' | 'result'> & Partial<ForceDeletion>;

/**
 * Asks an item that is under way to stop and to delete; removes by force what one has made whose group has ended.
 * @throws ItemOfBatch for one that has ended in a group that goes on
 */
export async function deleteItem(
  calls: LifecycleCalls,
  items: BatchItems,
  item: KeyItem,
  { reason }: ForceDeleteRequest,
): Promise<Asked> {
  const { key, batchId, workflowId } = item;
  const isOpen =
    item.isOpen && (await signalItem(calls, item, { name: FORCE_DELETE_ITEM_SIGNAL, request: { reason } }));
  if (isOpen) return { key, by: 'assetGroup', workflowId, known: true };
  if (item.groupIsOpen && !item.isOpen) {
    throw new ItemOfBatch(
      `"${key}" has ended, and its group of the batch "${batchId}" goes on with others: try again once it has ended, ` +
        `or stop them all: asset-lifecycle batch cancel ${batchId}`,
    );
  }
  const { input } = await items.listed(item);
  const place = placeFields(calls.provider, placeOf(input));
  return { ...(await deleteClosed(calls, key, { reason, ...place })), known: true };
}

/** @returns false if its group has ended meanwhile */
async function signalItem(
  calls: LifecycleCalls,
  { key, item, workflowId }: KeyItem,
  { name, request }: { name: string; request: CancelRequest },
): Promise<boolean> {
  const payload: ItemStopRequest = { item, ...request };
  try {
    await calls.withClientErrors(() => calls.client.workflow.getHandle(workflowId).signal(name, payload), key);
    return true;
  } catch (error) {
    if (error instanceof LifecycleNotFound) return false;
    throw error;
  }
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
