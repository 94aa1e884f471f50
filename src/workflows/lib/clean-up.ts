import type { CleanupPolicy } from '../../contracts/cleanup-policy';
import type { Activities } from '../../contracts/activities';
import type { Receipt, ReceiptEntry } from '../../contracts/lifecycle-status';
import { leftover } from '../../activities/cleanup/receipt-entry';
import type { Resource } from '../../contracts/resource';
import type { ProviderName } from '../../contracts/ids';
import { describeError, endsLifecycle, entriesBefore } from './stop';

export interface CleanUpInput {
  provider: ProviderName;
  steps: Pick<Activities, 'removeResources'>;
  /** In order of creation. */
  made: readonly Resource[];
  policy: CleanupPolicy;
  /** What an earlier cleanup did, under another policy. */
  before?: Receipt;
  /** A workflow id: nothing is touched while a lifecycle of that id is open. */
  unlessOpen?: string;
}

/** Ends every resource in the receipt, newest first. */
export async function cleanUp({ provider, steps, made, policy, before, unlessOpen }: CleanUpInput): Promise<Receipt> {
  const gone = before?.entries.filter(({ result }) => result === 'deleted') ?? [];
  const resources = made
    .toReversed()
    .filter(({ kind, id }) => !gone.some((one) => one.resource === kind && one.id === id));
  if (resources.length === 0) return { policy, entries: gone };
  const entries = await removing(() => steps.removeResources({ provider, resources, policy, unlessOpen }), resources);
  return { policy, entries: [...gone.filter(({ id }) => !entries.some((one) => one.id === id)), ...entries] };
}

/** What could not be removed in all the time there was is left over. */
async function removing(
  remove: () => Promise<ReceiptEntry[]>,
  resources: readonly Resource[],
): Promise<ReceiptEntry[]> {
  try {
    return await remove();
  } catch (error) {
    if (!endsLifecycle(error)) throw error;
    const done = entriesBefore(error);
    const rest = resources.filter(({ kind, id }) => !done.some((one) => one.resource === kind && one.id === id));
    return [...done, ...rest.map((resource) => leftover(resource, describeError(error)))];
  }
}
