import { Option, type Command } from 'commander';
import { durationMs } from '../contracts/duration';
import type { ProviderName } from '../contracts/ids';
import { DEFAULT_PROVIDER, providerNames, PROVIDERS, type Registry } from '../providers/registry';
import { UsageError } from './exit';

const HIGHEST_PORT = 65_535;

/** Reads a flag that is a whole number, in decimal digits only. */
export const wholeNumber =
  (flag: string, least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
    throw new UsageError(`${flag}: must be a whole number ${range}, not "${text}"`);
  };

/** Reads a flag that is a duration, such as `30m`, as milliseconds. */
export const durationFlag =
  (flag: string) =>
  (text: string): number => {
    const ms = durationMs(text);
    if (ms !== undefined) return ms;
    throw new UsageError(`${flag}: must be a duration, such as "90s", "30m" or "2h", not "${text}"`);
  };

/** Of a flag that may be given more than once. */
export const collect = (value: string, earlier: string[] = []): string[] => [...earlier, value];

/** Reads a port; `least` is 0 where that means any free one. */
export const portNumber = (flag: string, least: 0 | 1): ((text: string) => number) =>
  wholeNumber(flag, least, HIGHEST_PORT);

/** Reads a flag that names a folder. */
export const folderName =
  (flag: string) =>
  (text: string): string => {
    if (text === '') throw new UsageError(`${flag}: must name a folder`);
    if (text.includes('\ufffd')) throw new UsageError(`${flag}: the name is not valid UTF-8; rename the folder`);
    return text;
  };

/** @throws UsageError when two of the flags name one port. */
export function checkDistinct(ports: Readonly<Record<string, number>>): void {
  const seen = new Map<number, string>();
  for (const [flag, port] of Object.entries(ports)) {
    const earlier = seen.get(port);
    if (earlier !== undefined && port !== 0) throw new UsageError(`${flag}: ${port} is ${earlier}'s port already`);
    seen.set(port, flag);
  }
}

/** `--provider`, of commands about a key or an account. */
export const providerOption = (): Option =>
  new Option('--provider <name>', 'whose lifecycles or assets').choices(providerNames()).default(DEFAULT_PROVIDER);

/** The flag by which each provider with places names one, as `start` has it. */
const placeFlags = (registry: Registry) =>
  registry.flatMap(({ name, flags, placeField }) =>
    flags.filter(({ field }) => field === placeField).map(({ flag, field }) => ({ provider: name, flag, field })),
  );

/** Adds those flags to a command about a key or an account. @param several each may be given more than once. */
export function addPlaceFlags(
  command: Command,
  help: string,
  { several = false, registry = PROVIDERS }: { several?: boolean; registry?: Registry } = {},
): Command {
  for (const { flag } of placeFlags(registry)) {
    const option = new Option(flag, help);
    command.addOption(several ? option.argParser(collect) : option);
  }
  return command;
}

/**
 * The fields that the flags of {@link addPlaceFlags} set, as the client takes them.
 * @throws UsageError for the flag of another provider
 */
export function placeFieldsOf(
  flags: Readonly<Record<string, unknown>>,
  provider: ProviderName,
  registry: Registry = PROVIDERS,
): object {
  const fields: Record<string, unknown> = {};
  for (const { provider: its, flag, field } of placeFlags(registry)) {
    const option = new Option(flag);
    const value = flags[option.attributeName()];
    if (value === undefined) continue;
    if (its !== provider) throw new UsageError(`${option.long}: goes with --provider ${its}`);
    fields[field] = value;
  }
  return fields;
}
