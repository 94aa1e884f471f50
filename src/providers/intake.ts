import type { ProviderFields } from '../contracts/lifecycle-input';
import type { LedgerTag } from '../contracts/resource';
import type { SourceBytes } from '../storage/files/source-bytes';
import type { ProviderAsset } from './assets';
import type { CallOptions, Outcome } from './outcome';
import type { OpenedUpload, PartUploads } from './part-uploads';

/** What is known of an item before anything goes out. */
export interface ItemFacts {
  /** Name at the provider. */
  filename: string;
  /** `url`: the provider fetches it. `file`: this worker sends it. `object`: either, unless `noUrlBecause`. */
  source: 'url' | 'file' | 'object';
  /** Why no URL can name the object. */
  noUrlBecause?: string;
  /** Absent where only the provider can learn it. */
  sizeBytes?: number;
  /** The input's `upload.method`. */
  method: 'auto' | 'direct' | 'multipart';
  /** Field of the input that names the source, for messages: `source.path`. */
  field: string;
}

/**
 * How an item goes up. `url`: the provider fetches it. `whole`: in one request. `parts`: a session is opened, whose
 * parts are sent by the shared lanes.
 */
export type Route = 'url' | 'whole' | 'parts';

/** One media object to hand to the provider. */
export interface Submission {
  /** Name at the provider. */
  filename: string;
  metadata: Record<string, string | number | boolean>;
  /** Fields of the input that only this provider has. */
  fields: ProviderFields;
  /** Ownership, kept in the asset's user metadata from the moment it is made. */
  tag: LedgerTag;
  /** `parts`: the bytes follow; here they only say what is to come. */
  content: { route: 'url'; url: string } | { route: 'whole' | 'parts'; bytes: SourceBytes };
}

export interface SubmitOptions extends CallOptions {
  /** Called as the bytes of a `whole` item go out, with that item's place in the list. */
  onProgress?: (item: number, sentBytes: number) => void;
}

/** What a submission came to: an asset that has its bytes, or a session that waits for parts. */
export type Submitted = { asset: ProviderAsset } | { upload: OpenedUpload };

/** Whose assets to find. */
export interface OwnershipQuery {
  tag: Pick<LedgerTag, 'key' | 'owner'>;
  /** Narrows the search where the provider can. */
  filename?: string;
  /** RFC 3339; assets made before are not looked at. Without it the search ends after a few pages. */
  since?: string;
}

/** How sources become assets at a provider: limits by kind of file, ways to go up, sessions. */
export interface Intake {
  /** Says how the item goes up. Sends nothing. @throws InvalidRequest · PayloadTooLarge naming limit and value */
  route(item: ItemFacts): Route;
  /**
   * Submits items, at most {@link Traits.itemsPerSubmission}; outcomes in their order. Never looks for earlier ones.
   * Failures: OutcomeUnknown when the request went out in full and no answer came · SubmissionAborted when it did not.
   */
  submit(items: readonly Submission[], options?: SubmitOptions): Promise<Outcome<Submitted>[]>;
  /**
   * Items that give the same text may share a submission; without it, all may. Read where submissions of several
   * callers are gathered, see {@link Traits.gatherMs}.
   */
  together?(item: Submission): string;
  /** The assets that carry each tag, oldest first, in the order of the queries. */
  find(queries: readonly OwnershipQuery[], options?: CallOptions): Promise<ProviderAsset[][]>;
  /** The sessions that {@link submit} opened for `parts`. */
  readonly parts: PartUploads;
}
