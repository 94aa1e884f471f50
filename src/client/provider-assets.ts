import { failure } from '../contracts/failures';
import type { AssetPage, AssetQuery, ProviderAsset, Referrer } from '../providers/assets';
import type { MediaProvider, Traits } from '../providers/media-provider';
import { InvalidInput } from '../temporal/errors';
import { only } from '../providers/outcome';
import { readPages } from '../providers/shared/read-pages';

/** The provider's own assets, whoever made them. */
export interface ProviderAssets {
  /**
   * One page, newest first; `ids`, `types` and `filename` narrow the list. `pageSize` may be 1 to the provider's largest
   * page, which is also the default where it is below 10; otherwise the default is 10.
   */
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
      const { assets, traits } = await provider();
      return assets.list(checkedQuery(query, traits));
    },
    listAll: (query = {}) => allAssets(provider, query),
    get: async (assetId) => (await provider()).assets.get(assetId),
    delete: async (assetId, { force = false } = {}) => {
      const { assets } = await provider();
      if (!force) refuseIfHeld(assetId, await assets.referrers(assetId, { unprotectedOnly: true }));
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

function checkedQuery(query: AssetQuery, { assetsPerPage }: Traits): PagedQuery {
  const { pageSize = Math.min(10, assetsPerPage), page = 1 } = query;
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > assetsPerPage) {
    throw new InvalidInput(`pageSize: must be a whole number from 1 to ${assetsPerPage}, not ${pageSize}`);
  }
  if (!Number.isInteger(page) || page < 1) throw new InvalidInput(`page: must be 1 or more, not ${page}`);
  return { ...query, page, pageSize };
}

async function* allAssets(provider: () => Promise<MediaProvider>, query: AssetQuery): AsyncGenerator<ProviderAsset> {
  const { assets, traits } = await provider();
  const paged = checkedQuery({ ...query, pageSize: query.pageSize ?? traits.assetsPerPage }, traits);
  const read = (page: number): Promise<AssetPage> => assets.list({ ...paged, page });
  for await (const { items } of readPages(read, { idOf: ({ id }) => id, firstPage: paged.page })) yield* items;
}
