import type { Activities } from '../../contracts/activities';
import type { Receipt, ReceiptEntry } from '../../contracts/lifecycle-status';
import { entryOf, keptBecause, leftover } from '../../activities/cleanup/receipt-entry';
import type { CleanUpInput } from './clean-up';
import { describeError, endsLifecycle } from './stop';

type SingleCleanUp = Pick<CleanUpInput, 'provider' | 'made' | 'policy'> & { steps: Pick<Activities, 'removeResource'> };

/** As `cleanUp`, an activity for each resource: runs of the first revision go on as they began. */
export async function cleanUpSingly({ provider, steps, made, policy }: SingleCleanUp): Promise<Receipt> {
  const entries: ReceiptEntry[] = [];
  for (const resource of made.toReversed()) {
    const reason = keptBecause(resource, policy);
    if (reason && resource.id) {
      entries.push(entryOf(resource, 'kept', reason));
      continue;
    }
    try {
      entries.push(...(await steps.removeResource({ provider, resource, policy })));
    } catch (error) {
      if (!endsLifecycle(error)) throw error;
      entries.push(leftover(resource, describeError(error)));
    }
  }
  return { policy, entries };
}
