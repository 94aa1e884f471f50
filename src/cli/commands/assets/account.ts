import { providerAssets, type ProviderAssets } from '../../../client/provider-assets';
import { loadConfig } from '../../../config';
import { commandSurroundings } from '../../context';
import { openAccount } from '../../../providers/open-account';

/** Flags of every command about assets. */
export interface AccountFlags {
  provider: string;
  json?: boolean;
}

/** The provider's own assets need no Temporal server. */
export async function withAssets(provider: string, use: (assets: ProviderAssets) => Promise<void>): Promise<void> {
  const { environment } = await commandSurroundings('provider', provider);
  const account = await openAccount(loadConfig(environment), provider);
  try {
    await use(providerAssets(async () => account));
  } finally {
    await account.close();
  }
}
