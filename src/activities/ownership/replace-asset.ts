import { failure } from '../../contracts/failures';
import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import { isResult, isSession, noTagFields, readTag, type LedgerTag } from '../../contracts/resource';
import type { ProviderAsset } from '../../providers/assets';
import type { MediaProvider } from '../../providers/media-provider';
import { cancellationOf } from '../lib/activity-call';
import type { ActivityDependencies } from '../dependencies';
import { madeFrom } from '../sweep/find-made';
import { removeOne } from '../cleanup/remove-one';
import { only, unlessGone } from '../../providers/outcome';

const WHY = 'made from other content than the source has now';

interface Replacement {
  deps: ActivityDependencies;
  provider: MediaProvider;
  tag: LedgerTag;
  /** Of what takes the asset's place. */
  filename: string;
  signal: AbortSignal;
}

/**
 * Ends an asset of this key, and what its run made of it, to make room for other content. What others use is
 * kept and its holders are named; the tag is taken from it, so that it belongs to this key no longer. Safe to repeat.
 * Where names are unique nothing is ended: the submission overwrites the asset of its name if the input says so.
 * @throws AssetExists where names are unique, and the asset has another name
 */
export async function replaceAsset(
  { deps, provider, tag, filename, signal }: Replacement,
  { id, metadata, filename: its }: ProviderAsset,
): Promise<ReceiptEntry[]> {
  if (provider.traits.uniqueNames) {
    if (its === filename) return [];
    const words = `source: asset ${id}, with which the key was used before, is named ${its} and has other content`;
    throw failure('AssetExists', `${words}; it was not deleted: take another key, or delete that asset first`);
  }
  const resources = (await madeFrom(provider, { id, tag: readTag(metadata) ?? tag }, signal)).toReversed();
  const own = new Set([id]);
  const removal = { deps, provider, policy: 'delete', replaces: true, own, ended: new Set<string>(), signal } as const;
  const entries: ReceiptEntry[] = [];
  for (const resource of resources) {
    if (isResult(resource) || isSession(resource) || resource.id === undefined) continue;
    if (signal.aborted) throw cancellationOf(signal);
    const entry = await removeOne({ ...resource, id: resource.id }, removal);
    entries.push({ ...entry, because: `${WHY}: ${entry.because}` });
  }
  if (entries.some(({ resource, result }) => resource === 'asset' && result === 'kept')) {
    await unlessGone(provider.assets.annotate([{ assetId: id, fields: noTagFields(metadata) }], { signal }).then(only));
  }
  return entries;
}
