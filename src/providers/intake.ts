import type { ProviderFields } from '../contracts/lifecycle-input';
import type { Handle } from '../contracts/branches/handle';
import type { LedgerTag, ReadTag } from '../contracts/resource';
import type { SourceBytes } from '../storage/files/source-bytes';
import type { ProviderAsset } from './assets';
import type { CallOptions, Outcome } from './outcome';
import type { OpenedParts, OpenedUpload, PartUploads } from './part-uploads';

/** Facts about an item before anything is sent. */
export interface ItemFacts {
  /** Name at the provider. */
  filename: string;
  /** `url`: the provider fetches it. `file`: this worker sends it. `object`: either way; only sent if `noUrlBecause`. */
  source: 'url' | 'file' | 'object';
  /** Why no URL can name the object. */
  noUrlBecause?: string;
  /** Absent if this worker cannot know it. */
  sizeBytes?: number;
  /** The input's `upload.method`. */
  method: 'auto' | 'direct' | 'multipart';
  /** Field of the input that names the source, for messages: `source.path`. */
  field: string;
}

/**
 * How an item is uploaded. `url`: the provider fetches it. `whole`: in one request. `parts`: in a session, whose parts
 * the shared lanes send.
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
  /** For `parts`, `bytes` only gives size and content; the lanes send it later. */
  content: { route: 'url'; url: string } | { route: 'whole' | 'parts'; bytes: SourceBytes };
  /** Whether a run of that workflow id is open, so that what it has handed in is still to come. */
  isOpen?: (workflowId: string) => Promise<boolean>;
}

export interface SubmitOptions extends CallOptions {
  /** Called as the bytes of a `whole` item go out, with the item's index. */
  onProgress?: (item: number, sentBytes: number) => void;
  /**
   * Awaited once the session of an item is open, before its first byte goes out. If it fails, the item is not sent, and
   * the error is its outcome. Only providers with {@link Submitted} `pending` call it.
   */
  onOpened?: (item: number, pending: Handle) => Promise<void>;
  /** Signal of each item: one that aborts before its item has gone out keeps that item from being sent. */
  signals?: readonly (AbortSignal | undefined)[];
  /** How many more items the caller's group is about to submit; where submissions are gathered, they wait for these. */
  moreToCome?: () => number;
  /** The caller's turn, from {@link Intake.takeTurn}; else `submit` takes one itself. */
  turn?: Turn;
}

/**
 * Result of a submission. `asset`: an asset that has its bytes; `adopted` if it was there before, with the same name and
 * content. `upload`: a session that waits for parts. `pending`: handed in, and its asset is not known yet;
 * {@link MediaProvider.watch} finds it, once `parts`, if there are any, have been sent.
 */
export type Submitted =
  { asset: ProviderAsset; adopted?: true } | { upload: OpenedUpload } | { pending: Handle; parts?: OpenedParts };

/** A session that is still open. */
export interface OpenSession {
  id: string;
  /** RFC 3339. */
  openedAt: string;
  items: { pending: Handle; tag: ReadTag }[];
  /** Files in it of others, or of no lifecycle. */
  others: number;
  /** Number of files that it still waits for. */
  awaited: number;
}

/** The right to one submission. */
export interface Turn {
  /** The submission was not made; somebody else may have the turn. */
  giveBack(): void;
}

export interface FindOptions extends CallOptions {
  /** The caller is one of many that look within seconds of each other: it may be kept waiting for them, at most 2 s. */
  patient?: boolean;
}

/** Names the lifecycle whose assets to find. */
export interface OwnershipQuery {
  tag: Pick<LedgerTag, 'key' | 'owner'>;
  /** Narrows the search where the provider can. */
  filename?: string;
  /** RFC 3339; older assets are not searched. Without it the search ends after a few pages. */
  since?: string;
}

/** Turns sources into assets at a provider: limits by kind of file, ways to upload, sessions. */
export interface Intake {
  /** Chooses how to upload the item. Sends nothing. @throws InvalidRequest · PayloadTooLarge naming limit and value */
  route(item: ItemFacts): Route;
  /**
   * Submits items, at most {@link Traits.itemsPerSubmission}; outcomes in their order. Looks for earlier assets only
   * where names are unique, see {@link Traits.uniqueNames}.
   * Failures: OutcomeUnknown if the whole request was sent and no answer came · SubmissionAborted if part was sent ·
   * AssetExists · RateLimited with the wait, if it is nobody's turn.
   */
  submit(items: readonly Submission[], options?: SubmitOptions): Promise<Outcome<Submitted>[]>;
  /**
   * Items with the same text may share a submission; if absent, all items may. Only used where submissions are
   * gathered, see {@link Traits.gatherMs}.
   */
  together?(item: Submission): string;
  /**
   * Takes the turn for one submission, where the provider limits how many there may be; else gives the milliseconds until
   * one may be free.
   */
  readonly takeTurn?: () => Turn | { waitMs: number };
  /**
   * Gives up an item that is `pending`. Its session is cancelled once none of its items is waited for any more. `ended`:
   * nothing can come of it now. `open`: the session goes on for other items; an asset comes of this one only if all of its
   * bytes had arrived. @throws failures of the request
   */
  readonly abandon?: (pending: Handle, options?: CallOptions) => Promise<'ended' | 'open'>;
  /**
   * What the run of the tag has handed in for its key, in sessions that are still open: also where the answer to the submission
   * was lost. Newest first. Only at providers with `pending`, as far as they tell what is in their sessions.
   */
  readonly openFor?: (tag: Pick<LedgerTag, 'key' | 'runId' | 'owner'>, options?: CallOptions) => Promise<Handle[]>;
  /**
   * What the lifecycles of an owner have handed in, in sessions that are still open, and that has not failed; of others in
   * them, only that they are there. Newest session first. At the same providers as {@link openFor}.
   */
  readonly openOf?: (owner: string, options?: CallOptions) => Promise<OpenSession[]>;
  /**
   * Finds all assets that carry each tag: oldest first, one list per query. Callers that look at the same time share their
   * requests, and the failure of one; each hears of what was there when it asked, or later.
   */
  find(queries: readonly OwnershipQuery[], options?: FindOptions): Promise<ProviderAsset[][]>;
  /** Operations on the sessions that {@link submit} opens for `parts`. */
  readonly parts: PartUploads;
}
