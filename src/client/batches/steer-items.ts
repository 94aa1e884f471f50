import { setTimeout as delay } from 'node:timers/promises';
import { CANCEL_ITEM_SIGNAL, FORCE_DELETE_ITEM_SIGNAL } from '../../contracts/ids';
import type { LifecycleStatus } from '../../contracts/lifecycle-status';
import type { CancelRequest, ForceDeleteRequest, ItemStopRequest } from '../../contracts/messages';
import { placeOf } from '../../providers/registry';
import { LifecycleClosed, LifecycleNotFailed, LifecycleNotFound } from '../../temporal/errors';
import type { ForceDeletion } from '../deletions';
import type { LifecycleCalls } from '../lifecycle-calls';
import { asSent } from '../start/run-input';
import { retryRefusal, withBranch, type RetryOptions } from '../start/retry-lifecycle';
import { startLifecycle, type StartedLifecycle } from '../start/start-lifecycle';
import { deleteClosed, placeFields } from '../stops';
import type { BatchItems, KeyItem } from './batch-items';

const LOOK_EVERY_MS = 1000;

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

/**
 * Asks the group of an item to stop it, and to remove by force what it has made, also where it has ended; once the group has
 * ended, a deletion does that.
 */
export async function deleteItem(
  calls: LifecycleCalls,
  items: BatchItems,
  item: KeyItem,
  request: ForceDeleteRequest,
): Promise<ForceDeletion> {
  const { reason } = request;
  const { key, workflowId } = item;
  const isHeard =
    item.groupIsOpen && (await signalItem(calls, item, { name: FORCE_DELETE_ITEM_SIGNAL, request: { reason } }));
  if (isHeard) {
    const status = async (): Promise<LifecycleStatus> => items.status(await items.read(item));
    const result = async (): Promise<LifecycleStatus> => {
      for (;;) {
        const now = await items.read(item);
        const told = items.status(now);
        if (told.outcome === 'deleted' || hasLeftOver(told)) return told;
        const hasEnded = told.outcome !== undefined || !now.groupIsOpen;
        if (hasEnded && !(await hasKey(items, item))) return told; // what the key has is of somebody who began later
        if (!now.groupIsOpen) return (await deleteItem(calls, items, now, request)).result(); // it ended as it was told
        await delay(LOOK_EVERY_MS);
      }
    };
    return { key, by: 'assetGroup', workflowId, known: true, status, result };
  }
  const { input } = await items.listed(item);
  const place = placeFields(calls.provider, placeOf(input));
  return { ...(await deleteClosed(calls, key, { reason, ...place })), known: true };
}

async function hasKey(items: BatchItems, { key, batchId, item }: KeyItem): Promise<boolean> {
  const holder = await items.find(key);
  return holder?.batchId === batchId && holder.item === item;
}

const hasLeftOver = ({ outcome, receipt }: LifecycleStatus): boolean =>
  outcome === 'failed' &&
  receipt?.policy === 'force-delete' &&
  receipt.entries.some(({ result }) => result === 'leftover');

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
