import type { CleanupPolicy } from '../../contracts/cleanup-policy';
import type { Activities } from '../../contracts/activities';
import type { LifecycleError, ReceiptEntry } from '../../contracts/lifecycle-status';
import { isOfBranch, type Resource } from '../../contracts/resource';
import type { ProviderName } from '../../contracts/ids';
import { describeError, endsLifecycle, entriesBefore } from './step-failures';

interface CleanUpInput {
  provider: ProviderName;
  steps: Pick<Activities, 'removeResources'>;
  /** In order of creation. */
  made: readonly Resource[];
  policy: CleanupPolicy;
  /**
   * Entries of an earlier cleanup under another policy. What it deleted is not asked for again, except that force asks by
   * the asset for what else the key has.
   */
  before?: readonly ReceiptEntry[];
  /** A workflow id: nothing is touched while a lifecycle of that id is open. */
  unlessOpen?: string;
}

/** Removes or keeps every resource, newest first; gives an entry for each. */
export async function cleanUp(input: CleanUpInput): Promise<ReceiptEntry[]> {
  const { provider, steps, made, policy, before = [], unlessOpen } = input;
  const gone = before.filter(({ result }) => result === 'deleted');
  const notAgain = policy === 'force-delete' ? gone.filter(({ resource }) => resource !== 'asset') : gone;
  const resources = withoutEntries(made.toReversed(), notAgain);
  if (resources.length === 0) return gone;
  const entries = await orLeftOver(resources, () => steps.removeResources({ provider, resources, policy, unlessOpen }));
  const isToldBefore = (entry: ReceiptEntry): boolean => entry.result === 'deleted' && isAmong(gone, entry);
  const news = entries.filter((entry) => !isToldBefore(entry));
  return [...gone.filter((entry) => !isAmong(news, entry)), ...news];
}

/** Whether one of the entries is of the same resource. */
export const isAmong = (entries: readonly ReceiptEntry[], { resource, id }: ReceiptEntry): boolean =>
  entries.some((one) => one.resource === resource && one.id === id);

/** When the activity was given up, every resource that it had not ended by then is left over. */
async function orLeftOver(
  resources: readonly Resource[],
  remove: () => Promise<ReceiptEntry[]>,
): Promise<ReceiptEntry[]> {
  try {
    return await remove();
  } catch (error) {
    if (!endsLifecycle(error)) throw error;
    const done = entriesBefore(error);
    const rest = withoutEntries(resources, done);
    return [...done, ...rest.map((resource) => leftover(resource, describeError(error)))];
  }
}

/** A resource that could not be removed, with the error in the provider's words. */
function leftover(resource: Resource, { type, message }: LifecycleError): ReceiptEntry {
  return {
    resource: resource.kind,
    id: resource.id,
    in: isOfBranch(resource) ? resource.in : undefined,
    result: 'leftover',
    because: message,
    at: new Date().toISOString(),
    errorType: type === 'Unexpected' ? undefined : type,
  };
}

const withoutEntries = (resources: readonly Resource[], entries: readonly ReceiptEntry[]): Resource[] =>
  resources.filter(({ kind, id }) => !entries.some((one) => one.resource === kind && one.id === id));
