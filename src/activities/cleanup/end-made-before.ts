import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import { carriesTag, completedByAnother, isOfBranch, readTag, type AssetResource } from '../../contracts/resource';
import { unlessGone } from '../../providers/outcome';
import { ledgerTag } from '../dependencies';
import { madeFrom } from '../sweep/find-made';
import { endResult } from './end-result';
import type { Removal } from './removal';
import { removeOne } from './remove-one';

/** What earlier runs of the key made of the asset: force removes all that the key has. */
export async function endMadeBefore(
  { earlierId, adopted, tag }: AssetResource,
  ids: readonly string[],
  removal: Removal,
): Promise<ReceiptEntry[]> {
  const { deps, provider, ended, signal } = removal;
  if (!tag) return [];
  const own = ledgerTag(deps, tag);
  const entries: ReceiptEntry[] = [];
  let hadEarlierRun = earlierId !== undefined || adopted;
  for (const id of ids) {
    const asset = await unlessGone(provider.assets.get(id, { signal }));
    if (!asset) continue;
    const its = carriesTag(asset.metadata, own) ? readTag(asset.metadata) : undefined;
    hadEarlierRun ||= its !== undefined && (its.runId !== tag.runId || completedByAnother(its, tag.runId));
    if (!hadEarlierRun) continue;
    for (const one of (await madeFrom(provider, { id, tag: its ?? own }, signal)).toReversed()) {
      if (isOfBranch(one) && one.id !== undefined && !ended.has(one.id)) {
        entries.push(await removeOne({ ...one, id: one.id }, removal));
      }
    }
  }
  if (!hadEarlierRun) return entries;
  const { owner } = deps;
  for (const name of await deps.results.namesOf({ owner, workflowId: tag.workflowId })) {
    if (!ended.has(name)) entries.push(...(await endResult({ kind: 'result', id: name }, removal)));
  }
  return entries;
}
