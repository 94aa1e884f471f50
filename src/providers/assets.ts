import type { Readable } from 'node:stream';
import type { AssetSnapshot } from '../contracts/lifecycle-status';
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

/**
 * An asset with everything that its provider tells of it. Fields that a provider does not have, or has not filled yet,
 * are absent. URLs in it are secrets while they are good: they never enter a history, a log or a message, for which
 * {@link snapshotOf} is there.
 */
export interface ProviderAsset extends Omit<
  AssetSnapshot,
  'status' | 'adopted' | 'adoptedUnchecked' | 'completedBefore'
> {
  /** `waiting` comes before `processing`, at a provider that tells it. */
  status: AssetSnapshot['status'] | 'waiting';
  /** RFC 3339: when its present content came, if that was after `createdAt`; lists are newest first by it. */
  contentsAt?: string;
  /** User metadata, which hold the tag. */
  metadata: Record<string, unknown>;
  /** The provider's own words when `status` is `failed`, without queries of URLs. */
  errorMessage?: string;
  /** How it came to the provider, in the provider's word, such as `direct`, `url`, `multipart` or `connector`. */
  method?: string;
  /** What it was imported from, as the provider names and gives it; only of imports. */
  source?: Readonly<Record<string, unknown>>;
  /** Where its content can be read for a while; get the asset again for a fresh one. */
  url?: string;
  /** RFC 3339: when `url` ends. */
  urlExpiresAt?: string;
  /** What a player streams it by. */
  stream?: { status?: DerivedStatus; manifestUrl?: string };
  thumbnail?: { status?: DerivedStatus; url?: string; urlExpiresAt?: string };
  /** What the provider found in the content, with the provider's own names and units. */
  technicalMetadata?: Readonly<Record<string, unknown>>;
  /** Hash of the content, as the provider gives it. */
  hash?: { algorithm: string; contents: string };
  /** Signed URLs, at a provider that makes them when they are asked for. */
  contents?: { asset?: SignedUrl; thumbnail?: SignedUrl };
  /** All fields as the provider names and gives them, without its URLs; where they say more than those above. */
  details?: Readonly<Record<string, unknown>>;
}

/** State of what the provider makes of an asset. It may be behind the asset's own: `pending`, `processing`, `ready`, `error`. */
export type DerivedStatus = string;

/** Gives the part of an asset that goes into status and history. Its fields are named one by one, so that nothing else does. */
export function snapshotOf(asset: ProviderAsset): AssetSnapshot {
  const { id, status, filename, fileType, sizeBytes, durationSec, widthPixels, heightPixels, createdAt } = asset;
  return {
    id,
    status: status === 'waiting' ? 'processing' : status,
    filename,
    fileType,
    sizeBytes,
    durationSec,
    widthPixels,
    heightPixels,
    createdAt,
  };
}

/** Which assets, in the provider's own language; see {@link Traits.assetQueries}. */
export interface AssetFilter {
  filter?: string;
  /** Query of the assets' metadata. */
  metadataQuery?: string;
}

/** Which assets, and from where on. Newest first, unless `sort` says otherwise. */
export interface AssetQuery extends AssetFilter {
  /** `next` or `previous` of an earlier page of the same query; it means something to the provider only. */
  from?: string;
  /** 1-based; where the provider numbers its pages. */
  page?: number;
  /** 1 to the provider's largest page. */
  pageSize?: number;
  ids?: readonly string[];
  types?: readonly ('image' | 'video' | 'audio')[];
  /** Case-insensitive part of the filename. */
  filename?: string;
  /** `by` is one of {@link Traits.assetOrders}. Default of `order`: `asc`. */
  sort?: { by: string; order?: 'asc' | 'desc' };
  /** Asks for signed URLs of content and thumbnail, at a provider that makes them when they are asked for. */
  contents?: boolean;
}

export interface AssetPage {
  items: ProviderAsset[];
  /** What `from` of the next page's query is; `undefined` at the end of the list. */
  next: string | undefined;
  /** The same for the page before, where the provider tells it. */
  previous?: string;
  /** Number of this page, where the provider numbers them. */
  page?: number;
  /** Where the provider tells them. */
  totalPages?: number;
  totalItems?: number;
  /**
   * Provider's clock minus ours when the page came, in milliseconds, from the answer's `Date` header where it has one. Too small
   * by the answer's time on the way and up to a second, never too large.
   */
  clockAheadMs?: number;
}

/** An object that uses an asset. */
export interface Referrer {
  /** `type` of the branch that makes such objects. */
  branch: string;
  /** What it is, in the provider's words. */
  kind: string;
  id: string;
  name?: string;
  /** What it lies in. */
  parent?: { kind: string; id: string; name?: string };
  /** Words for a receipt: kind, id and parent. */
  words: string;
  /** True if the provider refuses to delete the asset while this object exists, unless forced. */
  blocksDeletion: boolean;
}

export type MetadataValue = string | number | boolean | readonly string[];
/** Fields of user metadata to set; null removes one. */
export type MetadataChanges = Readonly<Record<string, MetadataValue | null>>;

/** Bytes of an asset on their way. */
export interface OpenedContent {
  /** Where they begin: 0 where the store gives no ranges. */
  start: number;
  bytes: Readable;
}

export interface Assets {
  list(query: AssetQuery, options?: CallOptions): Promise<AssetPage>;
  /** @throws ResourceGone */
  get(assetId: string, options?: CallOptions & Pick<AssetQuery, 'contents'>): Promise<ProviderAsset>;
  /** How many assets match; absent where only a list tells. */
  count?(filter?: AssetFilter, options?: CallOptions): Promise<number>;
  /** Outcomes in the order of the ids. Failures: ResourceGone · BlockedByReferences, unless `force`. */
  remove(assetIds: readonly string[], options: CallOptions & { force: boolean }): Promise<Outcome<void>[]>;
  /**
   * Deletes all assets that match, in one request, and waits until the provider has done it.
   * @throws InvalidRequest without any filter, since that might mean every asset · ProcessingFailed · DeadlineExceeded
   */
  removeMatching?(filter: AssetFilter, options?: CallOptions & { deadlineMs?: number }): Promise<void>;
  /**
   * Reads the content behind a signed URL, from byte `start` on.
   * @throws UploadExpired if the URL is refused: get the asset again for a fresh one · ProviderUnavailable · RateLimited
   */
  open?(url: SignedUrl, options?: CallOptions & { start?: number }): Promise<OpenedContent>;
  /**
   * Sets fields of each asset's user metadata, removes fields that are null, and leaves all others. Outcomes in the
   * order of the changes. Failures: ResourceGone · ProviderRejected where {@link Traits.marksAssets} is false.
   */
  annotate(
    changes: readonly { assetId: string; fields: MetadataChanges }[],
    options?: CallOptions,
  ): Promise<Outcome<void>[]>;
  /**
   * Everything that refers to the asset; nothing if it is gone. `unprotectedOnly` leaves out referrers with
   * `blocksDeletion`, which may save a request.
   */
  referrers(assetId: string, options?: CallOptions & { unprotectedOnly?: boolean }): Promise<Referrer[]>;
}
