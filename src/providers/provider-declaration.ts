import type { z } from 'zod';
import type { Branch } from '../contracts/branches/branch';
import type { ProxySettings } from '../http/proxy-settings';
import type { MediaFacts, MediaItem } from '../media/media-facts';
import type { BranchDeclaration, InputFlag } from './branch-kind';
import type { ItemFacts, Route } from './intake';
import type { MediaProvider, Traits } from './media-provider';

/** Those of a provider's traits that a batch is planned by, before an account is opened. */
export type DeclaredTraits = Readonly<
  Pick<Traits, 'itemsPerSubmission' | 'handlesPerWatch' | 'uniqueNames' | 'marksAssets'>
>;

/** A published limit of an account. */
export interface PaceLimit {
  /** Items, submissions, or seconds of media. Without a branch, an item is one that is handed in: no adopted asset. */
  readonly of: 'items' | 'submissions' | 'mediaSeconds';
  /** Type of the branch that it is about; absent if about every item. */
  readonly branch?: string;
  /** Kinds of media that it is about; absent if about all. */
  readonly kinds?: readonly MediaFacts['kind'][];
  readonly most: number;
  readonly windowSec: number;
  /** For people: `60 creates a minute`. */
  readonly words: string;
  /** The variable that says it; absent if it is published for the smallest account. */
  readonly setBy?: string;
}

/**
 * Describes a provider before an account is opened. The registry lists one declaration for each provider. It loads no
 * HTTP code, so that clients, the CLI and the workflow worker can use it.
 * @param Settings the provider's settings, read from the environment.
 */
export interface ProviderDeclaration<Name extends string = string, Settings = unknown> {
  readonly name: Name;
  /** Name for people, as the vendor writes it. */
  readonly title: string;
  /** Schema of a whole lifecycle input with these branches: a strict object with defaults. */
  input(branches: readonly BranchDeclaration<Branch, never>[]): z.ZodObject;
  /** Names of the input's fields that only this provider has. */
  readonly fields: readonly string[];
  readonly traits: DeclaredTraits;
  /** Published limits of the smallest account, which plans of batches reckon by. */
  readonly paceLimits: readonly PaceLimit[];
  /** The limits by these settings, at a provider whose settings say some: they take the place of {@link paceLimits}. */
  limitsBy?(settings: Settings): readonly PaceLimit[];
  /** Fewest requests for a file that goes up in parts, beside the submission; those to the part store are none. */
  readonly requestsInParts: number;
  /** The field that names the place of the asset, at a provider with places; see {@link MediaProvider.within}. */
  readonly placeField?: string;
  /** Flags of `start` for those fields. */
  readonly flags: readonly InputFlag[];
  readonly branches: readonly BranchDeclaration<Branch, never>[];
  /** Reads the provider's settings from an environment; ignores other variables. */
  readonly environment: z.ZodType<Settings>;
  /** Names of the variables that hold the credentials. */
  readonly credentials: readonly [string, ...string[]];
  /** Chooses how to upload an item. Sends nothing. @throws InvalidRequest · PayloadTooLarge naming limit and value */
  route(item: ItemFacts): Route;
  /** Whether the item is submitted by itself, at a provider where items share a submission. */
  goesAlone?(item: { filename: string }): boolean;
  /** A sentence, naming the field, why an asset of that content is refused whatever its branch; `undefined` if it is not. */
  mediaRefusal?(media: MediaItem): string | undefined;
  /** The API's URL, for messages. */
  baseUrl(settings: Settings): string;
  /** Variables, none of them secret, that make a worker use the emulator at that origin. */
  emulatorEnvironment(origin: string): Record<string, string>;
  /**
   * Opens the account.
   * @throws ConfigError with one line that names the variable that is missing, or is not of the form that the provider
   *   gives. An emulator takes what {@link emulatorEnvironment} sets, and at some providers no credentials at all.
   */
  open(settings: Settings, http: { requestTimeoutMs: number; proxies: ProxySettings }): Promise<MediaProvider>;
}
