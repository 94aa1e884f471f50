import type { Readable } from 'node:stream';
import { failure } from '../../contracts/failures';
import type { Catalogue, CatalogueAsset, CatalogueFilter, CatalogueQuery, SignedUrl } from '../catalogue';
import type { Assets } from '../assets';
import type { CallOptions } from '../outcome';
import { sleep } from '../shared/sleep';
import type { DatasetApi } from './api/dataset-api';
import {
  AssetSchema,
  CountSchema,
  DeletionSessionSchema,
  type AssetAnswer,
  type DeletionSession,
  type SignedContent,
} from './api/schemas';
import { expiryMs, UrlRefused, type SignedUrls } from './api/signed-urls';
import { assetOf } from './asset-of';

/** Source: `SortCriterion` of the official SDK. */
export const SORT_CRITERIA = ['default', 'assetId', 'filename', 'lastModified.contents', 'metadata.fileSize'] as const;

const DEFAULT_PAGE_ASSETS = 10;
const LOOK_EVERY_MS = 1000;
const DELETED_WITHIN_MS = 10 * 60_000;
const DELETIONS = '/deleteManyAssetsSessions';

/** Every operation on the assets of a dataset. Source: the operations named below. */
export class DatasetCatalogue implements Catalogue {
  readonly sortCriteria = SORT_CRITERIA;

  constructor(
    private readonly dataset: DatasetApi,
    private readonly deps: { assets: Pick<Assets, 'remove'>; store: SignedUrls; maxPageSize: number },
  ) {}

  /** Source: `GET …/assets`. */
  async list(query: CatalogueQuery = {}, { signal }: CallOptions = {}) {
    const { items, nextPage, prevPage } = await this.dataset.assetPage(this.searchOf(query), signal);
    return {
      items: items.map(catalogueAsset),
      ...(nextPage && { nextPage }),
      ...(prevPage && { previousPage: prevPage }),
    };
  }

  async *pages(query: CatalogueQuery = {}, options?: CallOptions) {
    const seen = new Set<string>();
    for (let pageToken = query.pageToken; ;) {
      const page = await this.list({ ...query, pageToken }, options);
      yield page;
      pageToken = page.nextPage;
      if (pageToken === undefined) return;
      if (seen.has(pageToken)) throw failure('ProviderUnavailable', 'GET /assets: a page comes again');
      seen.add(pageToken);
    }
  }

  /** Source: `GET …/assets/{id}`. */
  async get(assetId: string, { contents, signal }: CallOptions & { contents?: boolean } = {}): Promise<CatalogueAsset> {
    const path = `/assets/${encodeURIComponent(assetId)}`;
    const query = { contents: contents ? 'y' : undefined };
    const about = `asset ${assetId} of dataset ${this.dataset.id}`;
    const request = { method: 'GET', route: '/assets/{id}', path, query, about, signal } as const;
    return catalogueAsset(await this.dataset.call(request, AssetSchema));
  }

  /** Source: `GET …/assets:count`. */
  count({ filter, metadataQuery }: CatalogueFilter = {}, { signal }: CallOptions = {}): Promise<number> {
    const query = { filter, metadataQuery };
    return this.dataset.call({ method: 'GET', route: '/assets:count', query, signal }, CountSchema);
  }

  remove: Catalogue['remove'] = (assetIds, options) => this.deps.assets.remove(assetIds, { force: false, ...options });

  /** Source: `POST …/deleteManyAssetsSessions`, and `GET` with its id until every condition is reached. */
  async removeMatching(
    { filter = null, metadataQuery = null }: { filter?: string | null; metadataQuery?: string | null },
    { deadlineMs = DELETED_WITHIN_MS, signal }: CallOptions & { deadlineMs?: number } = {},
  ): Promise<void> {
    if (!filter && !metadataQuery) {
      throw failure(
        'InvalidRequest',
        'filter: say which assets are to be deleted; without any filter it might mean all',
      );
    }
    const spec = { filter, metadataQuery, ruleQuery: null, strictQuery: null };
    const create = { method: 'POST', route: DELETIONS, json: { spec }, creates: true } as const;
    let session = await this.dataset.call(create, DeletionSessionSchema);
    const until = Date.now() + deadlineMs;
    while (!isDone(session)) {
      const id = idOf(session);
      if (Date.now() > until) throw failure('DeadlineExceeded', `deletion session ${id} has not ended`);
      await sleep(LOOK_EVERY_MS, signal);
      signal?.throwIfAborted();
      const path = `${DELETIONS}/${encodeURIComponent(id)}`;
      const request = {
        method: 'GET',
        route: `${DELETIONS}/{id}`,
        path,
        about: `deletion session ${id}`,
        signal,
      } as const;
      session = await this.dataset.call(request, DeletionSessionSchema);
    }
  }

  async open(signed: SignedUrl, { signal }: CallOptions = {}): Promise<Readable> {
    const content: SignedContent = {
      ...{ url: signed.url, expiry: Date.parse(signed.expiresAt) },
      ...{ headers: signed.headers, method: signed.method },
    };
    try {
      return await this.deps.store.get(content, 'content', signal);
    } catch (error) {
      if (error instanceof UrlRefused) throw failure('UploadExpired', `${error.message}: its URL has expired`);
      throw error;
    }
  }

  private searchOf(query: CatalogueQuery): Record<string, string | undefined> {
    const { pageSize = DEFAULT_PAGE_ASSETS, pageToken, sortBy, order, filter, metadataQuery, contents } = query;
    const { maxPageSize } = this.deps;
    if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > maxPageSize) {
      throw failure('InvalidRequest', `pageSize: must be a whole number from 1 to ${maxPageSize}`);
    }
    if (sortBy !== undefined && !SORT_CRITERIA.some((one) => one === sortBy)) {
      throw failure('InvalidRequest', `sortBy: must be one of ${SORT_CRITERIA.join(', ')}`);
    }
    return {
      ...{ s: String(pageSize), p: pageToken, sortBy, o: order, filter, metadataQuery },
      contents: contents ? 'y' : undefined,
    };
  }
}

export function catalogueAsset(answer: AssetAnswer): CatalogueAsset {
  const { contents, ...details } = answer;
  return {
    ...assetOf(answer),
    filename: answer.filename,
    hash: answer.metadata.hash,
    details,
    ...(contents && { contents: { asset: signedUrl(contents.asset), thumbnail: signedUrl(contents.thumbnail) } }),
  };
}

const signedUrl = (signed: SignedContent | undefined): SignedUrl | undefined =>
  signed && {
    ...{ url: signed.url, expiresAt: new Date(expiryMs(signed.expiry)).toISOString() },
    ...{ headers: signed.headers, method: signed.method },
  };

/** @throws ProcessingFailed */
function isDone(session: DeletionSession): boolean {
  const { conditions } = session.status;
  const broken = conditions.find(({ status }) => status === 'FailedReach');
  if (broken) {
    const why = [broken.reason, broken.message].filter(Boolean).join(': ') || broken.condition;
    throw failure('ProcessingFailed', `deletion session ${idOf(session)} failed: ${why}`);
  }
  return conditions.length > 0 && conditions.every(({ status }) => status === 'Reached');
}

/** The name of the field is not documented; it ends as all ids do. */
function idOf(session: DeletionSession): string {
  const [, id] =
    Object.entries(session).find(([name, value]) => /session.*id$/i.test(name) && typeof value === 'string') ?? [];
  if (typeof id === 'string') return id;
  throw failure('ProviderUnavailable', `POST ${DELETIONS}: the answer names no session`);
}
