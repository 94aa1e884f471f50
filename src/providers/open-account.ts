import type { Config } from '../config';
import { ConfigError } from '../config-error';
import type { ProviderName } from '../contracts/ids';
import type { MediaProvider } from './media-provider';
import type { ProviderDeclaration } from './provider-declaration';
import { DEFAULT_PROVIDER, declarationOf, PROVIDERS, type Registry } from './registry';

/** Opens the account that the environment names at a provider. @throws ConfigError without its credentials */
export const openAccount = (config: Config, name: ProviderName = DEFAULT_PROVIDER): Promise<MediaProvider> =>
  open(config, declarationOf(name));

/** The accounts that a worker serves, and the providers that it does not serve. */
export interface OpenedAccounts {
  /** In the registry's order. */
  accounts: MediaProvider[];
  /** Each with a sentence that names the missing variable. */
  notServed: { name: ProviderName; title: string; because: string }[];
}

/**
 * Opens an account at every provider that the environment has credentials for, or whose emulator it names.
 * @throws ConfigError if there is no such provider, or if the credentials of one are incomplete or malformed
 */
export async function openAccounts(config: Config, registry: Registry = PROVIDERS): Promise<OpenedAccounts> {
  const opened: MediaProvider[] = [];
  const notServed: OpenedAccounts['notServed'] = [];
  try {
    for (const declaration of mistakesFirst(config, registry)) {
      const { name, title } = declaration;
      const account = await open(config, declaration).catch((error: unknown) => {
        if (!(error instanceof ConfigError) || hasCredentials(config, declaration)) throw error;
        notServed.push({ name, title, because: error.message });
      });
      if (account) opened.push(account);
    }
    if (opened.length === 0) throw new ConfigError(`no provider to serve; ${reasons(notServed)}`);
  } catch (error) {
    await Promise.all(opened.map((account) => account.close()));
    throw error;
  }
  const accounts = registry.flatMap(({ name }) => opened.find((account) => account.name === name) ?? []);
  return { accounts, notServed };
}

function open(config: Config, declaration: ProviderDeclaration): Promise<MediaProvider> {
  const { requestTimeoutMs, proxies, providers } = config;
  return declaration.open(providers[declaration.name], { requestTimeoutMs, proxies });
}

const hasCredentials = ({ credentials }: Config, { name }: ProviderDeclaration): boolean =>
  (credentials[name] ?? []).length > 0;

/** Without credentials a provider may ask its emulator; malformed ones of another are reported before that. */
const mistakesFirst = (config: Config, registry: Registry): ProviderDeclaration[] =>
  registry.toSorted((a, b) => Number(hasCredentials(config, b)) - Number(hasCredentials(config, a)));

const reasons = (notServed: OpenedAccounts['notServed']): string =>
  notServed.map(({ title, because }) => `${title}: ${because}`).join('; or ');
