import { failure } from '../../contracts/failures';
import type { AssetFilter, AssetPage, AssetQuery, Assets, OpenedContent, ProviderAsset, SignedUrl } from '../assets';
import { failed, outcomeOf, type CallOptions } from '../outcome';
import { pageAfter } from '../shared/read-pages';
import { NEWEST_FIRST, type DatasetApi } from './api/dataset-api';
import { AssetSchema, CountSchema } from './api/schemas';
import { UrlRefused, type SignedUrls } from './api/signed-urls';
import { wholeAssetOf } from './asset-of';
import { deleteMatching } from './deletions';

/** Source: `SortCriterion` of the official SDK. */
export const SORT_CRITERIA = ['default', 'assetId', 'filename', 'lastModified.contents', 'metadata.fileSize'] as const;

type Search = Record<string, string | undefined>;

/** The dataset's assets as the port has them. */
export class DatasetAssets implements Assets {
  constructor(
    private readonly dataset: DatasetApi,
    private readonly deps: { store: SignedUrls; maxPageSize: number },
  ) {}

  /**
   * The API has no filter by id, type or part of a name, so that such a query walks the whole list.
   * Source: `GET …/assets`.
   */
  async list(query: AssetQuery, { signal }: CallOptions = {}): Promise<AssetPage> {
    const { from, page = 1, pageSize = 10, ids = [], types = [], filename } = query;
    const search = searchOf(query);
    if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > this.deps.maxPageSize) {
      throw failure('InvalidRequest', `pageSize: must be a whole number from 1 to ${this.deps.maxPageSize}`);
    }
    if (ids.length > 0 || types.length > 0 || filename !== undefined) return this.narrowed(query, search, signal);
    let at = await this.pageAt(from, { ...search, s: String(pageSize) }, signal);
    for (let number = 2; from === undefined && number <= page; number++) {
      if (at.next === undefined) return { items: [], next: undefined };
      at = await this.pageAt(at.next, { ...search, s: String(pageSize) }, signal);
    }
    return at;
  }

  /** Source: `GET …/assets/{id}`. */
  async get(assetId: string, { contents, signal }: CallOptions & { contents?: boolean } = {}): Promise<ProviderAsset> {
    const query = { contents: contents ? 'y' : undefined };
    return wholeAssetOf(await this.dataset.call({ ...this.one('GET', assetId), query, signal }, AssetSchema));
  }

  /** Source: `GET …/assets:count`. */
  count({ filter, metadataQuery }: AssetFilter = {}, { signal }: CallOptions = {}): Promise<number> {
    const query = { filter, metadataQuery };
    return this.dataset.call({ method: 'GET', route: '/assets:count', query, signal }, CountSchema);
  }

  /** One request for each. Nothing is known to block a deletion. Source: `DELETE …/assets/{id}`, an empty answer. */
  remove: Assets['remove'] = (assetIds, { signal }) =>
    Promise.all(assetIds.map((id) => outcomeOf(() => this.dataset.callVoid({ ...this.one('DELETE', id), signal }))));

  removeMatching = (filter: AssetFilter, options?: CallOptions & { deadlineMs?: number }): Promise<void> =>
    deleteMatching(this.dataset, filter, options);

  async open(signed: SignedUrl, { start = 0, signal }: CallOptions & { start?: number } = {}): Promise<OpenedContent> {
    const { url, headers, method, expiresAt } = signed;
    const content = { ...{ url, headers, method }, expiry: Date.parse(expiresAt) };
    try {
      return await this.deps.store.get(content, { words: 'content', start, signal });
    } catch (error) {
      if (error instanceof UrlRefused) throw failure('UploadExpired', `${error.message}: its URL has expired`);
      throw error;
    }
  }

  annotate: Assets['annotate'] = async (changes) =>
    changes.map(({ assetId }) =>
      failed(failure('ProviderRejected', `asset ${assetId}: metadata cannot be changed after the upload`)),
    );

  /** Annotations go with their asset; whatever else refers to it is not told. */
  referrers: Assets['referrers'] = async () => [];

  private one(method: 'GET' | 'DELETE', id: string) {
    const path = `/assets/${encodeURIComponent(id)}`;
    return { method, route: '/assets/{id}', path, about: `asset ${id} of dataset ${this.dataset.id}` } as const;
  }

  private async pageAt(token: string | undefined, search: Search, signal: AbortSignal | undefined): Promise<AssetPage> {
    const { items, nextPage, prevPage, clockAheadMs } = await this.dataset.assetPage({ ...search, p: token }, signal);
    return {
      items: items.map(wholeAssetOf),
      next: nextPage === '' ? undefined : nextPage,
      ...(prevPage && { previous: prevPage }),
      clockAheadMs,
    };
  }

  private async narrowed(
    { from, page = Number(from ?? 1), pageSize = 10, ids = [], types = [], filename = '' }: AssetQuery,
    search: Search,
    signal: AbortSignal | undefined,
  ): Promise<AssetPage> {
    const matches: ProviderAsset[] = [];
    const pages = this.dataset.assetPages({ query: search, pageSize: this.deps.maxPageSize, signal });
    for await (const answers of pages) {
      for (const asset of answers.map(wholeAssetOf)) {
        const { id, fileType = '', filename: name = '' } = asset;
        const isAsked =
          (ids.length === 0 || ids.includes(id)) &&
          (types.length === 0 || types.some((type) => fileType.startsWith(`${type}/`))) &&
          name.toLowerCase().includes(filename.toLowerCase());
        if (isAsked) matches.push(asset);
      }
    }
    const items = matches.slice((page - 1) * pageSize, page * pageSize);
    const totalPages = Math.ceil(matches.length / pageSize);
    return { items, next: pageAfter(page, { items, totalPages }), page, totalPages, totalItems: matches.length };
  }
}

function searchOf({ sort, filter, metadataQuery, contents }: AssetQuery): Search {
  if (sort !== undefined && !SORT_CRITERIA.some((one) => one === sort.by)) {
    throw failure('InvalidRequest', `sort: must be one of ${SORT_CRITERIA.join(', ')}`);
  }
  const order = sort ? { sortBy: sort.by, o: sort.order ?? 'asc' } : NEWEST_FIRST;
  return { ...order, filter, metadataQuery, contents: contents ? 'y' : undefined };
}
