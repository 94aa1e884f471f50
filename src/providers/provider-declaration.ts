import type { z } from 'zod';
import type { Branch } from '../contracts/branches/branch';
import type { ProxySettings } from '../http/proxy-settings';
import type { BranchDeclaration, InputFlag } from './branch-kind';
import type { ItemFacts, Route } from './intake';
import type { MediaProvider } from './media-provider';

/**
 * What the rest of the service knows of a provider before an account is opened. The registry lists one for each; it
 * loads no HTTP, so that clients, the CLI and the workflow worker can use it.
 * @param Settings what the provider's part of the environment gives.
 */
export interface ProviderDeclaration<Name extends string = string, Settings = unknown> {
  readonly name: Name;
  /** As its vendor writes it, for people. */
  readonly title: string;
  /** Checks a whole lifecycle input for this provider, with these branches, and fills in its defaults; a strict object. */
  input(branches: readonly BranchDeclaration<Branch, never>[]): z.ZodType;
  /** Names of the input's fields that only this provider has. */
  readonly fields: readonly string[];
  /** Flags of `start` for those fields. */
  readonly flags: readonly InputFlag[];
  readonly branches: readonly BranchDeclaration<Branch, never>[];
  /** Reads its variables from an environment and gives its settings; other variables are ignored. */
  readonly environment: z.ZodType<Settings>;
  /** Names of the variables that hold its credentials. */
  readonly credentials: readonly [string, ...string[]];
  /** How an item goes up. Sends nothing. @throws InvalidRequest · PayloadTooLarge naming limit and value */
  route(item: ItemFacts): Route;
  /** The API's URL, for messages. */
  baseUrl(settings: Settings): string;
  /** Variables to set, without secrets, so that a worker talks to an emulator at that origin. */
  emulatorEnvironment(origin: string): Record<string, string>;
  /**
   * Opens the account.
   * @throws ConfigError with one line that names the missing variable, unless an emulator answers at the base URL, which takes
   *   any credentials.
   */
  open(settings: Settings, http: { requestTimeoutMs: number; proxies: ProxySettings }): Promise<MediaProvider>;
}
