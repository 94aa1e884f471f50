import type { Handle } from '../contracts/branches/handle';
import type { ProviderName } from '../contracts/ids';
import type { Assets, ProviderAsset } from './assets';
import type { BranchKind } from './branch-kind';
import type { Intake } from './intake';
import type { CallOptions } from './outcome';

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
