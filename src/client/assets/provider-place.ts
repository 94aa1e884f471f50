import type { MediaProvider } from '../../providers/media-provider';
import { InvalidInput } from '../../temporal/errors';
import { providerAssets, type ProviderAssets } from './provider-assets';
import { providerSessions, type ProviderSessions } from './provider-sessions';

/** What is at a provider, or in one of its places. */
export interface ProviderPlace {
  readonly assets: ProviderAssets;
  readonly sessions: ProviderSessions;
}

/** @param place its name, where the provider is within one. */
export const providerPlace = (provider: () => Promise<MediaProvider>, place?: string): ProviderPlace => ({
  assets: providerAssets(provider, place),
  sessions: providerSessions(provider),
});

/** The account in one of its places. @throws InvalidInput at a provider that has none · InvalidRequest for no name of one */
export function withinPlace({ within, name }: MediaProvider, place: string): MediaProvider {
  if (within) return within(place);
  throw new InvalidInput(`within: ${name} has no places; its assets are found by the account alone`);
}
