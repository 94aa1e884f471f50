import type { Config } from '../config';
import type { ProviderName } from '../contracts/ids';
import type { MediaProvider } from './media-provider';
import { DEFAULT_PROVIDER, declarationOf } from './registry';

/** Opens the account that the environment names at a provider. @throws ConfigError without its credentials */
export function openAccount(config: Config, name: ProviderName = DEFAULT_PROVIDER): Promise<MediaProvider> {
  const { requestTimeoutMs, proxies, providers } = config;
  return declarationOf(name).open(providers[name], { requestTimeoutMs, proxies });
}
