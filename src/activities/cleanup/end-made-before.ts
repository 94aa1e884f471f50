import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import { carriesTag, isOfBranch, readTag, type AssetResource } from '../../contracts/resource';
import { unlessGone } from '../../providers/outcome';
import { ledgerTag } from '../dependencies';
import { madeFrom, resultsOfKey } from '../sweep/find-made';
import { endResult } from './end-result';
import type { Removal } from './removal';
import { removeOne } from './remove-one';

/**
 * What earlier runs of the key made of the asset: force removes all that the key has. Whether there were any cannot be told
 * by the asset: a run that takes it up, or lets go of it, writes its own name over theirs.
 */
export async function endMadeBefore(
  { tag }: AssetResource,
  ids: readonly string[],
  removal: Removal,
): Promise<ReceiptEntry[]> {
  const { deps, provider, ended, signal } = removal;
  if (!tag) return [];
  const own = ledgerTag(deps, tag);
  const entries: ReceiptEntry[] = [];
  for (const id of ids) {
    const asset = await unlessGone(provider.assets.get(id, { signal }));
    if (!asset) continue;
    const its = carriesTag(asset.metadata, own) ? readTag(asset.metadata) : undefined;
    for (const one of (await madeFrom(provider, { id, tag: its ?? own }, signal)).toReversed()) {
      if (isOfBranch(one) && one.id !== undefined && !ended.has(one.id)) {
        entries.push(await removeOne({ ...one, id: one.id }, removal));
      }
    }
  }
  for (const name of await resultsOfKey(deps, { ...own, provider: provider.name })) {
    if (!ended.has(name)) entries.push(...(await endResult({ kind: 'result', id: name }, removal)));
  }
  return entries;
}
