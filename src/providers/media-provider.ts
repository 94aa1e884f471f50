import type { Handle } from '../contracts/branches/handle';
import type { FailureType } from '../contracts/failures';
import type { ProviderName } from '../contracts/ids';
import type { DepartureNotes } from '../storage/results/departure-notes';
import type { Assets, ProviderAsset } from './assets';
import type { BranchKind } from './branch-kind';
import type { Ingestions } from './ingestions';
import type { Intake } from './intake';
import type { CallOptions } from './outcome';

/**
 * A media API. Calls take many items and give an outcome for each; a single lifecycle passes a list of one. Differences
 * between providers are data in {@link Traits} and objects in `branches`. No code asks for the provider's name.
 *
 * Adapters make single attempts: they never retry, and map every error to one failure of `contracts/failures.ts`. If a
 * write may have had its effect, the failure is `OutcomeUnknown`.
 */
export interface MediaProvider {
  readonly name: ProviderName;
  readonly traits: Traits;
  readonly intake: Intake;
  readonly assets: Assets;
  /** By the `type` of the branch in a lifecycle's input; empty where the provider has none. */
  readonly branches: Readonly<Record<string, BranchKind>>;
  /**
   * Asks once for the state of many objects, in as few requests as the API allows, and yields as answers come. A failed
   * request is yielded as trouble of its handles; the other requests still go out.
   */
  watch(handles: readonly Handle[], options: WatchOptions): AsyncIterable<Observation | ObservationTrouble>;
  /**
   * The provider in one of its places, such as a data set, at a provider whose names and ids mean something only in
   * one. Handles of such assets name their place in `in`, by which {@link watch} takes them from every place; within one it
   * may be left out. The same place gives the same object. The place is the input's {@link ProviderDeclaration.placeField}.
   * @throws InvalidRequest if the text cannot name a place
   */
  readonly within?: (place: string) => MediaProvider;
  /** Within a place: the sessions in which its assets come, at a provider that has such. */
  readonly ingestions?: Ingestions;
  /**
   * Where all workers note which files of upload sessions nobody waits for, at a provider that has such sessions; else each
   * knows of its own. To be called before the first submission.
   */
  readonly keepDeparturesIn?: (notes: DepartureNotes) => void;
  /** Closes the connections. */
  close(): Promise<void>;
}

/** Facts about a provider, on which the shared code and the activities base their decisions. */
export interface Traits {
  /** Most items of one {@link Intake.submit}. */
  readonly itemsPerSubmission: number;
  /**
   * How long a submission waits for others to share its request, in milliseconds; 0 if each item has its own request
   * anyway.
   */
  readonly gatherMs: number;
  /**
   * True if a place holds one asset of a name. A submission then adopts an asset of its name with the same content, and
   * fails with AssetExists for other content, unless the input says to overwrite it.
   */
  readonly uniqueNames: boolean;
  /** Most handles that one status request covers. */
  readonly handlesPerWatch: number;
  /** Most assets on one page of a list. */
  readonly assetsPerPage: number;
  /** What a list of assets can be sorted by, beside newest first; default: nothing. */
  readonly assetOrders?: readonly string[];
  /** That one of {@link assetOrders} in which an asset that comes meanwhile moves no other to another page. */
  readonly steadyOrder?: string;
  /** What a query of assets can say beside ids, types and a part of the name; default: nothing. */
  readonly assetQueries?: readonly ('filter' | 'metadataQuery' | 'contents')[];
  /** True if fields can be added to an existing asset: release marks, adoptions, notes. */
  readonly marksAssets: boolean;
}

/** State of an object in one round. `gone` is only given after a request for that very id. */
export interface Observation {
  handle: Handle;
  state: 'working' | 'ready' | 'failed' | 'gone';
  /** The provider's own words, when it gave any. */
  message?: string;
  /** Of `failed`: what kind of failure it is; default: ProcessingFailed. */
  type?: FailureType;
  /** Of `failed`: how many submissions of the item are worth trying before this is final; default: 1. */
  submissions?: number;
  /** The asset, if the object is one and was found. */
  asset?: ProviderAsset;
}

/** Objects whose state could not be read in one round, and why. */
export interface ObservationTrouble {
  handles: readonly Handle[];
  error: unknown;
}

export interface WatchOptions extends CallOptions {
  /** Awaited before each request, so that the caller controls the rate. */
  pace: () => Promise<void>;
}
