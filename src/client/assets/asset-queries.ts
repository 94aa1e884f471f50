import type { AssetFilter, AssetPage, AssetQuery, ProviderAsset } from '../../providers/assets';
import type { MediaProvider, Traits } from '../../providers/media-provider';
import { followPages } from '../../providers/shared/read-pages';
import { InvalidInput } from '../../temporal/errors';
import { withLimits, type CallLimits } from '../call-limits';

/** What narrows a list; without any of it all assets are meant. */
export type AssetNarrowing = Pick<AssetQuery, 'ids' | 'types' | 'filename' | keyof AssetFilter>;

/** @throws InvalidInput that names what the provider's lists cannot do */
export function checkedQuery(query: AssetQuery, traits: Traits): AssetQuery {
  const { assetsPerPage, assetOrders = [], assetQueries = [] } = traits;
  const { pageSize = Math.min(10, assetsPerPage), page, from, sort } = query;
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > assetsPerPage) {
    throw new InvalidInput(`pageSize: must be a whole number from 1 to ${assetsPerPage}, not ${pageSize}`);
  }
  if (page !== undefined && (!Number.isInteger(page) || page < 1)) {
    throw new InvalidInput(`page: must be 1 or more, not ${page}`);
  }
  if (page !== undefined && from !== undefined) throw new InvalidInput('page, from: give one of the two');
  if (sort !== undefined && !assetOrders.includes(sort.by)) {
    const orders = assetOrders.length === 0 ? 'this provider lists newest first only' : `${assetOrders.join(', ')}`;
    throw new InvalidInput(`sort: "${sort.by}" is no order of this provider: ${orders}`);
  }
  for (const name of ['filter', 'metadataQuery', 'contents'] as const) {
    if (query[name] && !assetQueries.includes(name)) throw new InvalidInput(`${name}: ${LACKS[name]}`);
  }
  return { ...query, pageSize };
}

const LACKS = {
  filter: 'this provider has no query language for its lists; narrow them by ids, types or filename',
  metadataQuery: 'this provider cannot be asked for metadata; narrow its lists by ids, types or filename',
  contents: 'this provider makes no URLs on request; an asset that has one shows it anyway',
};

/** Pages from the query's start on, as they are iterated; the largest ones, unless the query says otherwise. */
export function pagesOf(
  provider: () => Promise<MediaProvider>,
  query: AssetQuery,
  { call, ...limits }: CallLimits & { call: string },
): AsyncGenerator<AssetPage> {
  const read = (from: string | undefined): Promise<AssetPage> =>
    withLimits({ call }, limits, async (signal) => {
      const { assets, traits } = await provider();
      const first = checkedQuery({ ...query, pageSize: query.pageSize ?? traits.assetsPerPage }, traits);
      return assets.list(from === query.from ? first : { ...first, page: undefined, from }, { signal });
    });
  return followPages(read, { idOf: ({ id }: ProviderAsset) => id, from: query.from });
}

/** How many assets match: the provider's own count, else that of a list. @throws InvalidInput if neither tells */
export async function countAssets(
  { assets, traits }: MediaProvider,
  query: AssetNarrowing,
  signal: AbortSignal,
): Promise<number> {
  const { ids = [], types = [], filename, filter, metadataQuery } = query;
  const one = checkedQuery({ ...query, pageSize: 1 }, traits);
  const isNarrowed = ids.length > 0 || types.length > 0 || filename !== undefined;
  if (assets.count && !isNarrowed) return assets.count({ filter, metadataQuery }, { signal });
  const { totalItems } = await assets.list(one, { signal });
  if (totalItems === undefined) throw new InvalidInput('count: this provider does not tell how many assets there are');
  return totalItems;
}
