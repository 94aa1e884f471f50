import { failure } from '../contracts/failures';
import type { AssetPage, AssetQuery, ProviderAsset, Referrer } from '../providers/assets';
import type { MediaProvider, Traits } from '../providers/media-provider';
import { only } from '../providers/outcome';
import { followPages } from '../providers/shared/read-pages';
import { InvalidInput } from '../temporal/errors';
import { assetMetadata, type AssetMetadataWrites } from './asset-metadata';
import { withLimits, type CallLimits } from './call-limits';

/**
 * The provider's own assets, whoever made them. Every call is one attempt, and takes limits as its last argument.
 * URLs of an asset are secrets while they are good.
 */
export interface ProviderAssets {
  /**
   * One page, newest first; `ids`, `types` and `filename` narrow the list. `pageSize` may be 1 to the provider's largest
   * page, which is also the default where it is below 10; otherwise the default is 10.
   */
  list(query?: AssetQuery, limits?: CallLimits): Promise<AssetPage>;
  /** Every asset from that page on, newest first, read page by page as it is iterated. */
  listAll(query?: AssetQuery, limits?: CallLimits): AsyncIterable<ProviderAsset>;
  /** @throws ResourceGone */
  get(assetId: string, limits?: CallLimits): Promise<ProviderAsset>;
  /**
   * What refers to the asset: what was made of it, and what holds it.
   * @throws ResourceGone
   */
  references(assetId: string, limits?: CallLimits): Promise<Referrer[]>;
  readonly metadata: AssetMetadataWrites;
  /**
   * Deletes for good.
   * @param options.force also where others refer to it, which lose it then.
   * @throws ResourceGone · BlockedByReferences, which names who would lose it
   */
  delete(assetId: string, options?: CallLimits & { force?: boolean }): Promise<void>;
}

export function providerAssets(provider: () => Promise<MediaProvider>): ProviderAssets {
  return {
    list: (query = {}, limits = {}) =>
      withLimits({ call: 'assets.list' }, limits, async (signal) => {
        const { assets, traits } = await provider();
        return assets.list(checkedQuery(query, traits), { signal });
      }),

    listAll: (query = {}, limits = {}) => allAssets(provider, query, limits),

    get: (assetId, limits = {}) =>
      withLimits({ call: `assets.get ${assetId}` }, limits, async (signal) =>
        (await provider()).assets.get(assetId, { signal }),
      ),

    references: (assetId, limits = {}) =>
      withLimits({ call: `assets.references ${assetId}` }, limits, async (signal) => {
        const { assets } = await provider();
        const referrers = await assets.referrers(assetId, { signal });
        if (referrers.length === 0) await assets.get(assetId, { signal }); // nothing refers to an asset that is gone
        return referrers;
      }),

    metadata: assetMetadata(provider),

    delete: (assetId, { force = false, ...limits } = {}) =>
      withLimits({ call: `assets.delete ${assetId}`, writes: true }, limits, async (signal) => {
        const { assets } = await provider();
        if (!force) refuseIfHeld(assetId, await assets.referrers(assetId, { unprotectedOnly: true, signal }));
        only(await assets.remove([assetId], { force, signal }));
      }),
  };
}

/** Others hold the asset. The provider would delete it, and they would lose it without notice. */
function refuseIfHeld(assetId: string, referrers: readonly Referrer[]): void {
  const held = referrers.filter(({ blocksDeletion }) => !blocksDeletion).map(({ words }) => words);
  if (held.length === 0) return;
  const message = `Asset ${assetId} is part of ${held.join(', ')}; take it out, or delete it by force`;
  throw failure('BlockedByReferences', message);
}

function checkedQuery(query: AssetQuery, { assetsPerPage, assetOrders = [] }: Traits): AssetQuery {
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
  return { ...query, pageSize };
}

async function* allAssets(
  provider: () => Promise<MediaProvider>,
  query: AssetQuery,
  limits: CallLimits,
): AsyncGenerator<ProviderAsset> {
  const read = (from: string | undefined): Promise<AssetPage> =>
    withLimits({ call: 'assets.listAll' }, limits, async (signal) => {
      const { assets, traits } = await provider();
      const first = checkedQuery({ ...query, pageSize: query.pageSize ?? traits.assetsPerPage }, traits);
      return assets.list(from === query.from ? first : { ...first, page: undefined, from }, { signal });
    });
  for await (const { items } of followPages(read, { idOf: ({ id }) => id, from: query.from })) yield* items;
}
