import { failure } from '../../contracts/failures';
import type { AssetPage, AssetQuery, Assets, ProviderAsset } from '../assets';
import { failed, outcomeOf } from '../outcome';
import { pageAfter } from '../shared/read-pages';
import { NEWEST_FIRST, type DatasetApi } from './api/dataset-api';
import { AssetSchema, CountSchema } from './api/schemas';
import { assetOf } from './asset-of';

/** The dataset's assets as the port has them: newest first. */
export class DatasetAssets implements Assets {
  constructor(
    private readonly dataset: DatasetApi,
    private readonly maxPageSize: number,
  ) {}

  /** The API has no filter by id, type or name, so that such a query walks the whole list. */
  async list(query: AssetQuery, { signal }: { signal?: AbortSignal } = {}): Promise<AssetPage> {
    const { from, page = 1, pageSize = 10, ids = [], types = [], filename, sort } = query;
    if (pageSize > this.maxPageSize) throw failure('ProviderRejected', `a page has ${this.maxPageSize} assets at most`);
    if (ids.length > 0 || types.length > 0 || filename !== undefined) return this.filtered(query, signal);
    if (from !== undefined || page === 1) return this.pageAt(from, { pageSize, sort, signal });
    let at = await this.pageAt(undefined, { pageSize, sort, signal });
    for (let number = 2; number <= page; number++) {
      if (at.next === undefined) return { items: [], next: undefined };
      at = await this.pageAt(at.next, { pageSize, sort, signal });
    }
    return at;
  }

  /** Source: `GET …/assets/{id}`. */
  async get(assetId: string, { signal }: { signal?: AbortSignal } = {}): Promise<ProviderAsset> {
    return assetOf(await this.dataset.call({ ...this.one('GET', assetId), signal }, AssetSchema));
  }

  /** One request for each. Nothing is known to block a deletion. Source: `DELETE …/assets/{id}`, an empty answer. */
  remove: Assets['remove'] = (assetIds, { signal }) =>
    Promise.all(assetIds.map((id) => outcomeOf(() => this.dataset.callVoid({ ...this.one('DELETE', id), signal }))));

  annotate: Assets['annotate'] = async (changes) =>
    changes.map(({ assetId }) =>
      failed(failure('ProviderRejected', `asset ${assetId}: metadata cannot be changed after the upload`)),
    );

  /** Annotations go with their asset; whatever else refers to it is not told. */
  referrers: Assets['referrers'] = async () => [];

  /** Source: `GET …/assets:count`. */
  count(signal?: AbortSignal): Promise<number> {
    return this.dataset.call({ method: 'GET', route: '/assets:count', signal }, CountSchema);
  }

  private one(method: 'GET' | 'DELETE', id: string) {
    const path = `/assets/${encodeURIComponent(id)}`;
    return { method, route: '/assets/{id}', path, about: `asset ${id} of dataset ${this.dataset.id}` } as const;
  }

  private async pageAt(
    token: string | undefined,
    { pageSize, sort, signal }: Pick<AssetQuery, 'sort'> & { pageSize: number; signal?: AbortSignal },
  ): Promise<AssetPage> {
    const order = sort ? { sortBy: sort.by, o: sort.order ?? 'asc' } : NEWEST_FIRST;
    const query = { ...order, s: String(pageSize), p: token };
    const { items, nextPage } = await this.dataset.assetPage(query, signal);
    return { items: items.map(assetOf), next: nextPage === '' ? undefined : nextPage };
  }

  private async filtered(
    { from, page = Number(from ?? 1), pageSize = 10, ids = [], types = [], filename = '' }: AssetQuery,
    signal: AbortSignal | undefined,
  ): Promise<AssetPage> {
    const matches: ProviderAsset[] = [];
    const pages = this.dataset.assetPages({ query: NEWEST_FIRST, pageSize: this.maxPageSize, signal });
    for await (const answers of pages) {
      for (const asset of answers.map(assetOf)) {
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
