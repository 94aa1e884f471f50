import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import { isResult, noTagFields, readTag, type LedgerTag } from '../../contracts/resource';
import type { ProviderAsset } from '../../providers/assets';
import type { MediaProvider } from '../../providers/media-provider';
import { cancellationOf } from '../lib/activity-call';
import type { ActivityDependencies } from '../dependencies';
import { madeFrom } from '../sweep/find-made';
import { removeOne } from '../cleanup/remove-one';
import { only, unlessGone } from '../../providers/outcome';

const WHY = 'made from other content than the source has now';

/**
 * Ends an asset of this key, and what its run made of it, to make room for other content. What others use is
 * kept and its holders are named; the tag is taken from it, so that it belongs to this key no longer. Safe to repeat.
 */
export async function replaceAsset(
  {
    deps,
    provider,
    tag,
    signal,
  }: { deps: ActivityDependencies; provider: MediaProvider; tag: LedgerTag; signal: AbortSignal },
  { id, metadata }: ProviderAsset,
): Promise<ReceiptEntry[]> {
  const resources = (await madeFrom(provider, { id, tag: readTag(metadata) ?? tag }, signal)).toReversed();
  const own = new Set([id]);
  const removal = { deps, provider, policy: 'delete', replaces: true, own, ended: new Set<string>(), signal } as const;
  const entries: ReceiptEntry[] = [];
  for (const resource of resources) {
    if (isResult(resource) || resource.id === undefined) continue;
    if (signal.aborted) throw cancellationOf(signal);
    const entry = await removeOne({ ...resource, id: resource.id }, removal);
    entries.push({ ...entry, because: `${WHY}: ${entry.because}` });
  }
  if (entries.some(({ resource, result }) => resource === 'asset' && result === 'kept')) {
    await unlessGone(provider.assets.annotate([{ assetId: id, fields: noTagFields(metadata) }], { signal }).then(only));
  }
  return entries;
}
