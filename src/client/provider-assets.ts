import { failure } from '../contracts/failures';
import type { AssetPage, AssetQuery, ProviderAsset, Referrer } from '../providers/assets';
import type { MediaProvider } from '../providers/media-provider';
import { InvalidInput } from '../temporal/errors';
import { only } from '../providers/outcome';
import { readPages } from '../providers/shared/read-pages';

const LARGEST_PAGE = 50;

/** The provider's own assets, whoever made them. */
export interface ProviderAssets {
  /** One page, newest first: 1 to 50 items (default 10); `ids`, `types` and `filename` narrow the list. */
  list(query?: AssetQuery): Promise<AssetPage>;
  /** Every asset from that page on, newest first, read page by page as it is iterated. */
  listAll(query?: AssetQuery): AsyncIterable<ProviderAsset>;
  /** @throws ResourceGone */
  get(assetId: string): Promise<ProviderAsset>;
  /**
   * Deletes for good.
   * @param options.force also where others refer to it, which lose it then.
   * @throws ResourceGone · BlockedByReferences, which names who would lose it
   */
  delete(assetId: string, options?: { force?: boolean }): Promise<void>;
}

export function providerAssets(provider: () => Promise<MediaProvider>): ProviderAssets {
  return {
    async list(query = {}) {
      const paged = checkedQuery(query);
      return (await provider()).assets.list(paged);
    },
    listAll(query = {}) {
      const paged = checkedQuery({ ...query, pageSize: query.pageSize ?? LARGEST_PAGE });
      return allAssets(provider, paged);
    },
    get: async (assetId) => (await provider()).assets.get(assetId),
    delete: async (assetId, { force = false } = {}) => {
      const { assets } = await provider();
      if (!force) refuseIfHeld(assetId, await assets.referrers(assetId));
      only(await assets.remove([assetId], { force }));
    },
  };
}

/** Others hold the asset. The provider would delete it, and they would lose it without notice. */
function refuseIfHeld(assetId: string, referrers: readonly Referrer[]): void {
  const held = referrers.filter(({ blocksDeletion }) => !blocksDeletion).map(({ words }) => words);
  if (held.length === 0) return;
  const message = `Asset ${assetId} is part of ${held.join(', ')}; take it out, or delete it by force`;
  throw failure('BlockedByReferences', message);
}

type PagedQuery = AssetQuery & { page: number; pageSize: number };

function checkedQuery(query: AssetQuery): PagedQuery {
  const { pageSize = 10, page = 1 } = query;
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > LARGEST_PAGE) {
    throw new InvalidInput(`pageSize: must be a whole number from 1 to ${LARGEST_PAGE}, not ${pageSize}`);
  }
  if (!Number.isInteger(page) || page < 1) throw new InvalidInput(`page: must be 1 or more, not ${page}`);
  return { ...query, page, pageSize };
}

async function* allAssets(provider: () => Promise<MediaProvider>, query: PagedQuery): AsyncGenerator<ProviderAsset> {
  const read = async (page: number): Promise<AssetPage> => (await provider()).assets.list({ ...query, page });
  for await (const { items } of readPages(read, { idOf: ({ id }) => id, firstPage: query.page })) yield* items;
}
