import type { z } from 'zod';
import { failure } from '../../../contracts/failures';
import { ID } from '../input';
import type { DatatureViClient } from './client';
import type { RequestLabel } from './errors';
import { AssetPageSchema, type AssetAnswer } from './schemas';

/** Most assets of a page. */
export const MAX_PAGE_ASSETS = 1000;

/** Sessions and uploads of the only asset source that there is. */
export const SOURCE = '/assetSources/managed/datature/default';

interface DatasetRequest extends Omit<RequestLabel, 'about'> {
  /** Below the dataset, with ids filled in and encoded; default: `route`. */
  path?: string;
  query?: Readonly<Record<string, string | undefined>>;
  json?: unknown;
  /** Default: the dataset. */
  about?: string;
  signal?: AbortSignal;
}

export interface PagesToRead {
  query?: Readonly<Record<string, string | undefined>>;
  pageSize: number;
  /** Awaited before each request. */
  pace?: () => Promise<void>;
  signal?: AbortSignal;
}

/** Query of a list that begins with what was uploaded last. */
export const NEWEST_FIRST = { sortBy: 'lastModified.contents', o: 'desc' } as const;

/** Requests below one dataset. */
export class DatasetApi {
  private readonly path: string;

  /** @throws InvalidRequest if the text cannot be the id of a dataset */
  constructor(
    private readonly client: DatatureViClient,
    readonly id: string,
  ) {
    if (!ID.test(id)) throw failure('InvalidRequest', 'datasetId: must be 1 to 255 letters, digits, "_" and "-"');
    const { organizationId } = client;
    this.path = `/workspaces/${organizationId}/datasets/${organizationId}_${id}`;
  }

  call<S extends z.ZodType>(request: DatasetRequest, schema: S): Promise<z.output<S>> {
    return this.client.call(this.requestOf(request), schema);
  }

  callVoid(request: DatasetRequest): Promise<void> {
    return this.client.callVoid(this.requestOf(request));
  }

  /** Yields the pages of the dataset's list of assets. @throws ProviderUnavailable if a page comes again */
  async *assetPages({ query, pageSize, pace, signal }: PagesToRead): AsyncGenerator<AssetAnswer[]> {
    const seen = new Set<string>();
    for (let token: string | undefined; ;) {
      await pace?.();
      signal?.throwIfAborted();
      const page = await this.assetPage({ ...query, s: String(pageSize), p: token }, signal);
      yield page.items;
      token = page.nextPage;
      if (token === undefined || token === '') return;
      if (seen.has(token)) throw failure('ProviderUnavailable', `GET /assets (dataset ${this.id}): a page comes again`);
      seen.add(token);
    }
  }

  async assetPage(query: Readonly<Record<string, string | undefined>>, signal: AbortSignal | undefined) {
    const request = this.requestOf({ method: 'GET', route: '/assets', query, signal });
    const { answer, clockAheadMs } = await this.client.callTimed(request, AssetPageSchema);
    return { ...answer, clockAheadMs };
  }

  private requestOf({ path, query = {}, about = `dataset ${this.id}`, ...request }: DatasetRequest) {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value);
    const asked = search.size > 0 ? `?${search.toString()}` : '';
    return { ...request, about, path: `${this.path}${path ?? request.route}${asked}` };
  }
}
