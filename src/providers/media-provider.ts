import type { Handle } from '../contracts/handle';
import type { ProviderName } from '../contracts/ids';
import type { AssetSnapshot } from '../contracts/lifecycle-status';
import type { BranchKind } from './branch-kind';
import type { Intake } from './intake';
import type { CallOptions, Outcome } from './outcome';

/**
 * A media API. It takes many items and gives an outcome for each; a single lifecycle is many with one. What differs
 * between providers is data in {@link Traits} and objects in `branches`, never a question for the provider's name.
 *
 * Adapters make single attempts: they never retry, they map every answer to one failure of `contracts/failures.ts`, and
 * a failure after which the effect is not known is `OutcomeUnknown`.
 */
export interface MediaProvider {
  readonly name: ProviderName;
  readonly traits: Traits;
  readonly intake: Intake;
  readonly assets: Assets;
  /** By the `type` of the branch in a lifecycle's input; empty where the provider has none. */
  readonly branches: Readonly<Record<string, BranchKind>>;
  /**
   * Asks once for the state of many objects, in as few requests as the API allows; yields as answers come. A request
   * that failed is yielded as the trouble of the handles it was for, and the others are asked for all the same.
   */
  watch(handles: readonly Handle[], options: WatchOptions): AsyncIterable<Observation | ObservationTrouble>;
  /** Ends the connections. */
  close(): Promise<void>;
}

/** Facts about a provider that the shared code and the activities decide by. */
export interface Traits {
  /** Most items of one {@link Intake.submit}. */
  readonly itemsPerSubmission: number;
  /**
   * How long a submission waits for others to share its request, in milliseconds; 0 where each item has a request of
   * its own, so that nothing is gained by waiting.
   */
  readonly gatherMs: number;
  /** Most handles that one status request covers. */
  readonly handlesPerWatch: number;
  /** Most assets on one page of a list. */
  readonly assetsPerPage: number;
  /** Whether fields can be added to an asset after it was made: release marks, adoptions, notes. */
  readonly marksAssets: boolean;
}

/** An asset with the provider's user metadata, for those who must look for a tag. */
export interface ProviderAsset extends AssetSnapshot {
  metadata: Record<string, unknown>;
  /** The provider's own words when `status` is `failed`. */
  errorMessage?: string;
}

export interface AssetQuery {
  /** 1-based. */
  page?: number;
  /** 1 to {@link Traits.assetsPerPage}. */
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

/** Something that is made of an asset, or holds it: an entity, an index entry. */
export interface Referrer {
  /** `type` of the branch that makes such objects. */
  branch: string;
  id: string;
  /** In words for a receipt: `entity e1 in collection c1`. */
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
  /** Everything that refers to the asset. @throws ResourceGone */
  referrers(assetId: string, options?: CallOptions): Promise<Referrer[]>;
}

/** What the provider said of an object in one round. `gone` only after it was asked for by its own id. */
export interface Observation {
  handle: Handle;
  state: 'working' | 'ready' | 'failed' | 'gone';
  /** The provider's own words, when it gave any. */
  message?: string;
  /** For assets that were found. */
  asset?: ProviderAsset;
}

/** Objects whose state could not be read in one round, and why. Others of the round are not affected. */
export interface ObservationTrouble {
  handles: readonly Handle[];
  error: unknown;
}

export interface WatchOptions extends CallOptions {
  /** Awaited before each request, so that whoever watches decides the rate. */
  pace: () => Promise<void>;
}
