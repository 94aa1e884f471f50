import { carriesTag, type LedgerTag } from '../../contracts/resource';
import type { AssetReference, MediaProvider } from '../../providers/media-provider';
import { unlessGone } from '../lib/unless-gone';

/** The asset's entries in one index, or in all: those that carry the tag, and those of others. */
export async function indexEntries(
  provider: MediaProvider,
  { assetId, indexId, tag }: { assetId: string; indexId?: string; tag: LedgerTag },
  signal: AbortSignal,
): Promise<{ own: AssetReference[]; others: AssetReference[] }> {
  const entries: { own: AssetReference[]; others: AssetReference[] } = { own: [], others: [] };
  for (const reference of (await unlessGone(provider.listReferences(assetId, { signal }))) ?? []) {
    if (indexId !== undefined && reference.indexId !== indexId) continue;
    const metadata = await unlessGone(provider.readIndexedAsset(reference, { signal }));
    if (metadata) entries[carriesTag(metadata, tag) ? 'own' : 'others'].push(reference);
  }
  return entries;
}
