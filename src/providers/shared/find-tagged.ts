import { carriesTag } from '../../contracts/resource';
import type { OwnershipQuery } from '../intake';
import type { Assets, ProviderAsset } from '../assets';
import type { Traits } from '../media-provider';
import type { CallOptions } from '../outcome';
import { followPages } from './read-pages';
import { sleep } from './sleep';

/** The part of a provider that gives its assets page by page. */
interface ListedAssets {
  assets: Pick<Assets, 'list'>;
  traits: Pick<Traits, 'assetsPerPage'>;
}

/** Assumed largest difference between the provider's clock and ours. */
const CLOCK_SKEW_MS = 5 * 60_000;
/** Most pages read if the query has no `since`. */
const MAX_UNBOUNDED_PAGES = 4;

/**
 * Finds the assets that carry each tag: oldest first, one list per query. The provider lists newest first, so the
 * search reads back to `since`. Queries for the same filename share one search.
 */
export async function findTagged(
  provider: ListedAssets,
  queries: readonly OwnershipQuery[],
  { signal }: CallOptions = {},
): Promise<ProviderAsset[][]> {
  const walks = new Map<string | undefined, OwnershipQuery[]>();
  for (const query of queries) walks.set(query.filename, [...(walks.get(query.filename) ?? []), query]);
  const found = new Map<OwnershipQuery, Map<string, ProviderAsset>>();
  for (const [filename, same] of walks) {
    for (const query of same) found.set(query, new Map());
    let open = same;
    let pages = 0;
    for await (const items of assetPages(provider, { filename, signal })) {
      pages += 1;
      for (const query of open) {
        for (const asset of items) if (carriesTag(asset.metadata, query.tag)) found.get(query)?.set(asset.id, asset);
      }
      open = open.filter((query) => goesOn(query, pages, items.at(-1)));
      if (open.length === 0) break;
    }
  }
  return queries.map((query) => [...(found.get(query)?.values() ?? [])].toReversed());
}

function goesOn({ since }: OwnershipQuery, pages: number, last: ProviderAsset | undefined): boolean {
  if (since === undefined) return pages < MAX_UNBOUNDED_PAGES;
  return last?.createdAt === undefined || Date.parse(last.createdAt) >= Date.parse(since) - CLOCK_SKEW_MS;
}

/** Yields the largest pages of the whole list, newest first, at most one every `spacingMs`. */
export async function* assetPages(
  { assets, traits }: ListedAssets,
  { filename, spacingMs = 0, signal }: CallOptions & { filename?: string; spacingMs?: number },
): AsyncGenerator<ProviderAsset[]> {
  const read = async (from: string | undefined) => {
    if (from !== undefined && spacingMs > 0) await sleep(spacingMs, signal);
    signal?.throwIfAborted();
    return assets.list({ from, pageSize: traits.assetsPerPage, filename }, { signal });
  };
  for await (const { items } of followPages(read, { idOf: ({ id }) => id })) yield items;
}
