import { Option, type Command } from 'commander';
import { providerPlace, withinPlace, type ProviderPlace } from '../../../client/assets/provider-place';
import type { ProviderAssets } from '../../../client/assets/provider-assets';
import { loadConfig } from '../../../config';
import { openAccount } from '../../../providers/open-account';
import type { ProviderDeclaration } from '../../../providers/provider-declaration';
import { declarationOf, PROVIDERS, type Registry } from '../../../providers/registry';
import { commandSurroundings } from '../../context';
import { UsageError } from '../../exit';
import { providerOption } from '../../flags';

/** Flags of every command about what is at a provider; those that name a place have the provider's own names. */
export interface AccountFlags {
  provider: string;
  json?: boolean;
  [placeFlag: string]: unknown;
}

/** Adds `--provider`, and for each provider with places the flag that names one. */
export function addAccountFlags(command: Command, registry: Registry = PROVIDERS): Command {
  command.addOption(providerOption());
  for (const declared of registry) {
    const option = placeOption(declared);
    if (option && !command.options.some(({ long }) => long === option.long)) command.addOption(option);
  }
  return command;
}

/** Opens the account, in the place that the flags name. What is at the provider needs no Temporal server. */
export async function withPlace<T>(
  flags: AccountFlags,
  use: (at: ProviderPlace, place?: string) => Promise<T>,
): Promise<T> {
  const place = placeIn(flags);
  const { environment } = await commandSurroundings('provider');
  const account = await openAccount(loadConfig(environment), flags.provider);
  try {
    const at = place === undefined ? account : withinPlace(account, place);
    return await use(
      providerPlace(async () => at),
      place,
    );
  } finally {
    await account.close();
  }
}

export const withAssets = <T>(flags: AccountFlags, use: (assets: ProviderAssets) => Promise<T>): Promise<T> =>
  withPlace(flags, ({ assets }) => use(assets));

/** @throws UsageError where the provider needs a place and none is named, or where it has no such places */
function placeIn(flags: AccountFlags, registry: Registry = PROVIDERS): string | undefined {
  const own = declarationOf(flags.provider, registry);
  const option = placeOption(own);
  for (const other of registry) {
    const one = placeOption(other);
    if (one && one.long !== option?.long && flags[one.attributeName()] !== undefined) {
      throw new UsageError(`${one.long}: ${own.title} has none; it is for ${other.title}`);
    }
  }
  if (!option) return undefined;
  const place = flags[option.attributeName()];
  if (typeof place === 'string' && place !== '') return place;
  throw new UsageError(`${option.flags}: say in which one; assets of ${own.title} are found in one only`);
}

function placeOption({ flags, placeField }: ProviderDeclaration): Option | undefined {
  const named = placeField === undefined ? undefined : flags.find(({ field }) => field === placeField);
  return named && new Option(named.flag, 'whose assets');
}
