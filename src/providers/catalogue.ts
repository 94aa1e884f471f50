import type { Readable } from 'node:stream';
import type { ProviderAsset } from './assets';
import type { CallOptions, Outcome } from './outcome';

/** A signed URL. It is a secret until it expires. */
export interface SignedUrl {
  url: string;
  /** RFC 3339. */
  expiresAt: string;
  /** To be sent with the request. */
  headers?: Record<string, string>;
  /** Default: GET. */
  method?: string;
}

/** An asset with everything that the provider tells of it. */
export interface CatalogueAsset extends ProviderAsset {
  filename: string;
  /** Hash of the content, as the provider gives it. */
  hash?: { algorithm: string; contents: string };
  /** All fields as the provider names and gives them, without `contents`. */
  details: Readonly<Record<string, unknown>>;
  /** If they were asked for. */
  contents?: { asset?: SignedUrl; thumbnail?: SignedUrl };
}

export interface CatalogueFilter {
  /** In the provider's own language. */
  filter?: string;
  /** Query of the assets' metadata, in the provider's own language. */
  metadataQuery?: string;
}

export interface CatalogueQuery extends CatalogueFilter {
  /** 1 to {@link Traits.assetsPerPage}. */
  pageSize?: number;
  /** Of an earlier page: its `nextPage` or `previousPage`. */
  pageToken?: string;
  /** One of {@link Catalogue.sortCriteria}. */
  sortBy?: string;
  order?: 'asc' | 'desc';
  /** Asks for signed URLs of the content and the thumbnail. */
  contents?: boolean;
}

export interface CataloguePage {
  items: CatalogueAsset[];
  /** Token of the next page; absent on the last. */
  nextPage?: string;
  previousPage?: string;
}

/** The assets of one place. Single attempts, like the whole port. */
export interface Catalogue {
  readonly sortCriteria: readonly string[];
  list(query?: CatalogueQuery, options?: CallOptions): Promise<CataloguePage>;
  /** All pages, one after the other. */
  pages(query?: CatalogueQuery, options?: CallOptions): AsyncIterable<CataloguePage>;
  /** @throws ResourceGone */
  get(assetId: string, options?: CallOptions & { contents?: boolean }): Promise<CatalogueAsset>;
  count(filter?: CatalogueFilter, options?: CallOptions): Promise<number>;
  /** Outcomes in the order of the ids. Failures: ResourceGone. */
  remove(assetIds: readonly string[], options?: CallOptions): Promise<Outcome<void>[]>;
  /**
   * Deletes all assets that match, in one request, and waits until the provider has done it.
   * @throws InvalidRequest without any filter, since that might mean every asset · ProcessingFailed · DeadlineExceeded
   */
  removeMatching(filter: CatalogueFilter, options?: CallOptions & { deadlineMs?: number }): Promise<void>;
  /** Reads the content behind a signed URL. @throws UploadExpired if the URL has expired: ask for a fresh one */
  open(url: SignedUrl, options?: CallOptions): Promise<Readable>;
}
