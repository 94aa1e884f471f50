import type { Command } from 'commander';
import { providerPlace, withinPlace, type ProviderPlace } from '../../../client/assets/provider-place';
import type { ProviderAssets } from '../../../client/assets/provider-assets';
import { loadConfig } from '../../../config';
import { openAccount } from '../../../providers/open-account';
import { declarationOf } from '../../../providers/registry';
import { commandSurroundings } from '../../context';
import { UsageError } from '../../exit';
import { addPlaceFlags, placeFieldsOf, providerOption } from '../../flags';

/** Flags of every command about what is at a provider; those that name a place have the provider's own names. */
export interface AccountFlags {
  provider: string;
  json?: boolean;
  [placeFlag: string]: unknown;
}

/** Adds `--provider`, and for each provider with places the flag that names one. */
export const addAccountFlags = (command: Command): Command =>
  addPlaceFlags(command.addOption(providerOption()), 'where, at a provider that has several of them');

/** Opens the account, in the place that the flags name. What is at the provider needs no Temporal server. */
export async function withPlace<T>(flags: AccountFlags, use: (at: ProviderPlace) => Promise<T>): Promise<T> {
  const place = placeIn(flags);
  const { environment } = await commandSurroundings('provider', flags.provider);
  const account = await openAccount(loadConfig(environment), flags.provider);
  try {
    const at = place === undefined ? account : withinPlace(account, place);
    return await use(providerPlace(async () => at, place));
  } finally {
    await account.close();
  }
}

export const withAssets = <T>(flags: AccountFlags, use: (assets: ProviderAssets) => Promise<T>): Promise<T> =>
  withPlace(flags, ({ assets }) => use(assets));

/** @throws UsageError where the provider needs a place and none is named, or where it has no such places */
function placeIn(flags: AccountFlags): string | undefined {
  const { title, placeField, flags: own } = declarationOf(flags.provider);
  const place: unknown = Object.values(placeFieldsOf(flags, flags.provider))[0];
  if (placeField === undefined) return undefined;
  if (typeof place === 'string' && place !== '') return place;
  const named = own.find(({ field }) => field === placeField)?.flag;
  throw new UsageError(`${named}: say in which one; what is at ${title} is found in one only`);
}
