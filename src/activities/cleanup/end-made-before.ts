import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import { completedByAnother, isOfBranch, readTag, type AssetResource } from '../../contracts/resource';
import { unlessGone } from '../../providers/outcome';
import { madeFrom } from '../sweep/find-made';
import { endResult } from './end-result';
import type { Removal } from './removal';
import { removeOne } from './remove-one';

/** What earlier runs of the key made of the asset and completed with: force removes all that the key has. */
export async function endMadeBefore(
  { earlierId, tag }: AssetResource,
  ids: readonly string[],
  removal: Removal,
): Promise<ReceiptEntry[]> {
  const { deps, provider, ended, signal } = removal;
  const asset =
    earlierId !== undefined && tag && ids.includes(earlierId)
      ? await unlessGone(provider.assets.get(earlierId, { signal }))
      : undefined;
  const its = asset && readTag(asset.metadata);
  if (!asset || !its || !tag || !completedByAnother(its, tag.runId)) return [];
  const entries: ReceiptEntry[] = [];
  const made = await madeFrom(provider, { id: asset.id, tag: its }, signal);
  for (const one of made.toReversed()) {
    if (isOfBranch(one) && one.id !== undefined && !ended.has(one.id)) {
      entries.push(await removeOne({ ...one, id: one.id }, removal));
    }
  }
  const { owner } = deps;
  for (const name of await deps.results.namesOf({ owner, workflowId: tag.workflowId })) {
    if (!ended.has(name)) entries.push(...(await endResult({ kind: 'result', id: name }, removal)));
  }
  return entries;
}
