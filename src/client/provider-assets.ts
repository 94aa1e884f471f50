import { failure } from '../contracts/failures';
import type { AssetPage, AssetQuery, EntityOfAsset, MediaProvider, ProviderAsset } from '../providers/media-provider';
import { InvalidInput } from './errors';
import { readPages } from '../providers/shared/read-pages';

const LARGEST_PAGE = 50;

/** A list of assets: awaited it is the first page, iterated it is every item, and `pages()` gives page by page. */
export interface AssetList extends PromiseLike<AssetPage>, AsyncIterable<ProviderAsset> {
  pages(): AsyncIterable<AssetPage>;
}

/** The provider's own assets, whoever made them. */
export interface ProviderAssets {
  /** Newest first. Pages hold 1 to 50 items (default 10); `ids`, `types` and `filename` narrow the list. */
  list(query?: AssetQuery): AssetList;
  /** @throws ResourceGone */
  get(assetId: string): Promise<ProviderAsset>;
  /**
   * Deletes for good.
   * @param options.force also where indexed assets refer to it, or entities hold it, which lose it then.
   * @throws ResourceGone · BlockedByReferences, which names the entities
   */
  delete(assetId: string, options?: { force?: boolean }): Promise<void>;
}

export function providerAssets(provider: () => Promise<MediaProvider>): ProviderAssets {
  return {
    list: (query = {}) => assetList(provider, query),
    get: async (assetId) => (await provider()).getAsset(assetId),
    delete: async (assetId, { force = false } = {}) => {
      const account = await provider();
      if (!force) refuseIfHeld(assetId, await account.listEntitiesOf(assetId));
      await account.deleteAsset(assetId, { force });
    },
  };
}

/** The provider would take the asset out of entities without a word. */
function refuseIfHeld(assetId: string, entities: readonly EntityOfAsset[]): void {
  if (entities.length === 0) return;
  const names = entities.map(({ entityId, collectionId }) => `${entityId} in collection ${collectionId ?? 'unknown'}`);
  const message = `Asset ${assetId} is part of entity ${names.join(', entity ')}; take it out, or delete it by force`;
  throw failure('BlockedByReferences', message);
}

function assetList(provider: () => Promise<MediaProvider>, query: AssetQuery): AssetList {
  const { pageSize = 10, page: firstPage = 1 } = query;
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > LARGEST_PAGE) {
    throw new InvalidInput(`pageSize: must be a whole number from 1 to ${LARGEST_PAGE}, not ${pageSize}`);
  }
  if (!Number.isInteger(firstPage) || firstPage < 1)
    throw new InvalidInput(`page: must be 1 or more, not ${firstPage}`);
  const read = async (page: number): Promise<AssetPage> => (await provider()).listAssets({ ...query, page, pageSize });

  const pages = (): AsyncGenerator<AssetPage> => readPages(read, { idOf: ({ id }) => id, firstPage });
  return {
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const { items } of pages()) yield* items;
    },
    // oxlint-disable-next-line unicorn/no-thenable -- awaiting a list for its first page is the point
    then: (onPage, onError) => read(firstPage).then(onPage, onError),
  };
}
