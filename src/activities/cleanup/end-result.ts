import type { CleanupPolicy } from '../../contracts/cleanup-policy';
import { entryOf, keptBecause } from './receipt-entry';
import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import type { ResultResource } from '../../contracts/resource';
import { setProgress, stepAttempt } from '../lib/activity-call';
import type { ActivityDependencies } from '../dependencies';

/** Results that this activity has removed; a repeated attempt finds no file that could tell. */
interface EndedResults {
  removedResults: string[];
}

/** Removes a stored result, or keeps it. A result that was never written is in no receipt. Safe to repeat. */
export async function endResult(
  resource: ResultResource,
  { deps: { results, progress }, policy }: { deps: ActivityDependencies; policy: CleanupPolicy },
): Promise<ReceiptEntry[]> {
  const { id } = resource;
  const elsewhere = resource.stored && resource.stored.host !== results.host ? resource.stored : undefined;
  const reason = keptBecause(resource, policy);
  if (reason) return elsewhere || (await results.has(id)) ? [entryOf(resource, 'kept', reason)] : [];
  const { removedResults = [] } = (stepAttempt().left ?? {}) as Partial<EndedResults>;
  if (await results.remove(id)) {
    const details: EndedResults = { removedResults: [...removedResults, id] };
    await progress.makeDurable(details);
    setProgress(details);
  } else if (!removedResults.includes(id)) {
    return elsewhere ? [entryOf(resource, 'kept', outOfReach(elsewhere))] : [];
  }
  return [entryOf(resource, 'deleted', 'the stored file is removed')];
}

const outOfReach = ({ uri, host }: { uri: string; host: string }): string =>
  `the host ${host} stored it in a folder of its own, which this worker does not see; delete ${uri} there`;
