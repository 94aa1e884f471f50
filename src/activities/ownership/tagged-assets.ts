import { carriesTag, type LedgerTag } from '../../contracts/resource';
import type { MediaProvider, ProviderAsset } from '../../providers/media-provider';
import { readPages } from '../../providers/shared/read-pages';
import { pause } from '../lib/activity-call';

const PAGE_SIZE = 50;
/** The provider's clock and ours may differ by this much. */
const CLOCK_SKEW_MS = 5 * 60_000;
/** Pages read when nothing bounds the search in time: the newest 200 assets of that name. */
const UNBOUNDED_PAGES = 4;

export interface TagSearch {
  tag: LedgerTag;
  /** Narrows the list; the provider compares it as a part of the name, without case. */
  filename?: string;
  /** RFC 3339; assets made before are not looked at. Without it the search ends after a few pages. */
  since?: string;
}

/** Assets that carry the tag, oldest first. Lists are newest first, so it reads back until `since`. */
export async function findTagged(
  provider: MediaProvider,
  { tag, filename, since }: TagSearch,
  signal: AbortSignal,
): Promise<ProviderAsset[]> {
  const found = new Map<string, ProviderAsset>(); // an insert during the walk shows an item twice
  const oldest = since === undefined ? undefined : Date.parse(since) - CLOCK_SKEW_MS;
  let pages = 0;
  for await (const items of assetPages(provider, { filename, spacingMs: 0 }, signal)) {
    for (const asset of items) if (carriesTag(asset.metadata, tag)) found.set(asset.id, asset);
    const last = items.at(-1);
    if (oldest === undefined && ++pages === UNBOUNDED_PAGES) break;
    if (oldest !== undefined && last?.createdAt !== undefined && Date.parse(last.createdAt) < oldest) break;
  }
  return [...found.values()].toReversed();
}

/** The whole list, newest first, page by page; at most a page every `spacingMs`. */
export async function* assetPages(
  provider: MediaProvider,
  { filename, spacingMs }: { filename?: string; spacingMs: number },
  signal: AbortSignal,
): AsyncGenerator<ProviderAsset[]> {
  const read = async (page: number) => {
    if (page > 1) await pause(spacingMs, signal);
    return provider.listAssets({ page, pageSize: PAGE_SIZE, filename }, { signal });
  };
  for await (const { items } of readPages(read, { idOf: ({ id }) => id })) yield items;
}
