import type { AssetSnapshot } from '../contracts/lifecycle-status';
import type { CallOptions, Outcome } from './outcome';

/** An asset with the provider's user metadata, for those who must look for a tag. */
export interface ProviderAsset extends AssetSnapshot {
  metadata: Record<string, unknown>;
  /** The provider's own words when `status` is `failed`. */
  errorMessage?: string;
}

/** The part of an asset that goes into status and history: no user metadata, no provider message. */
export function snapshotOf({ metadata: _metadata, errorMessage: _message, ...snapshot }: ProviderAsset): AssetSnapshot {
  return snapshot;
}

export interface AssetQuery {
  /** 1-based. */
  page?: number;
  /** 1 to the provider's largest page. */
  pageSize?: number;
  ids?: readonly string[];
  types?: readonly ('image' | 'video' | 'audio')[];
  /** Case-insensitive part of the filename. */
  filename?: string;
}

export interface AssetPage {
  /** Newest first. */
  items: ProviderAsset[];
  page: number;
  totalPages: number;
  totalItems: number;
}

/** An object of a branch that is made of an asset, or holds it. */
export interface Referrer {
  /** `type` of the branch that makes such objects. */
  branch: string;
  id: string;
  /** In words for a receipt: kind, id and where it is. */
  words: string;
  /** The provider refuses an unforced deletion of the asset while this refers to it. */
  blocksDeletion: boolean;
}

export interface Assets {
  list(query: AssetQuery, options?: CallOptions): Promise<AssetPage>;
  /** @throws ResourceGone */
  get(assetId: string, options?: CallOptions): Promise<ProviderAsset>;
  /** Outcomes in the order of the ids. Failures: ResourceGone · BlockedByReferences, unless `force`. */
  remove(assetIds: readonly string[], options: CallOptions & { force: boolean }): Promise<Outcome<void>[]>;
  /**
   * Sets fields of each asset's user metadata, takes away those that are null, and leaves the others. Outcomes in the
   * order of the changes. Failures: ResourceGone.
   */
  annotate(
    changes: readonly { assetId: string; fields: Record<string, string | null> }[],
    options?: CallOptions,
  ): Promise<Outcome<void>[]>;
  /**
   * Everything that refers to the asset; none where it is gone. `unprotectedOnly` leaves out what the provider protects by
   * itself, which may save a request.
   */
  referrers(assetId: string, options?: CallOptions & { unprotectedOnly?: boolean }): Promise<Referrer[]>;
}
