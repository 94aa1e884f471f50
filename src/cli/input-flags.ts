import { Option, type Command } from 'commander';
import type { StartOptions } from '../client/start/start-lifecycle';
import type { ProviderName } from '../contracts/ids';
import type { InputFlag } from '../providers/branch-kind';
import { branchTypes, DEFAULT_PROVIDER, providerNames, type Registry } from '../providers/registry';
import { UsageError } from './exit';
import { collect, wholeNumber } from './flags';

/** Adds the flags that say provider and branches, of every command that takes an input. */
export function addInputFlags(command: Command, registry: Registry): void {
  command.option('--provider <name>', `${oneOf(providerNames(registry))} (default: ${DEFAULT_PROVIDER})`);
  addBranchFlags(command, registry);
  addFlags(
    command,
    registry.flatMap(({ flags }) => flags),
  );
}

/** @param help of `--branch`, where it does not default to none. */
export function addBranchFlags(
  command: Command,
  registry: Registry,
  help = `${oneOf(branchTypes(registry))} (default: none); repeat it for several, or give one as JSON`,
): void {
  command.option('--branch <type>', help, collect);
  addFlags(
    command,
    registry.flatMap(({ branches }) => branches.flatMap(({ flags }) => flags)),
  );
}

/** Adds the flags about the way of one source, whichever its provider. */
export const addItemFlags = (command: Command): Command =>
  command
    .option('--no-preflight', 'do not look at the media before anything is sent')
    .option('--upload-method <method>', 'auto (default: by size and kind), direct or multipart')
    .option('--upload-concurrency <n>', 'parts on their way at once, 1 to 16 (default: 4)')
    .option('--on-cancel <policy>', 'keep, delete (default) or force-delete')
    .option('--on-failure <policy>', 'keep (default), delete or force-delete')
    .option('--ready-within <duration>', 'deadline of the asset, such as 30m (default: 2h)')
    .option('--branch-within <duration>', 'deadline of the branch (default: 6h)');

/** Flags of {@link addPriorityFlags}. */
export interface PriorityFlags {
  priority?: number;
  fairnessKey?: string;
}

/** Adds the flags that say in which order Temporal dispatches the tasks of a run. */
export function addPriorityFlags(command: Command): void {
  command.addOption(
    new Option('--priority <n>', '1 to 5; lower is dispatched first (default: 3)').argParser(
      wholeNumber('--priority', 1, 5),
    ),
  );
  command.option('--fairness-key <key>', 'runs with the same key share their part of the dispatch, such as a tenant’s');
}

/** Absent unless a flag asks for it, so that the defaults hold. */
export const priorityOf = ({ priority: priorityKey, fairnessKey }: PriorityFlags): StartOptions['priority'] =>
  priorityKey === undefined && fairnessKey === undefined ? undefined : { priorityKey, fairnessKey };

const list = (text: string): string[] => text.split(',').map((part) => part.trim());

/** The flags of providers and branches; where two share one, the first one's help counts. */
function addFlags(command: Command, flags: readonly InputFlag[]): void {
  for (const { flag, help, list: isList } of flags) {
    const option = new Option(flag, help);
    if (command.options.some(({ long }) => long === option.long)) continue;
    command.addOption(isList ? option.argParser(list) : option);
  }
}

interface OwnedFlag {
  /** `--index` */
  long: string | undefined;
  attribute: string;
  provider: ProviderName;
  /** Of a flag that says more of a branch. */
  branch?: string;
}

/** Each flag of each provider and branch; one that several have stands there several times. */
const ownedFlags = (registry: Registry): OwnedFlag[] =>
  registry.flatMap(({ name: provider, flags, branches }) => [
    ...flags.map(({ flag }) => ownedFlag(flag, provider)),
    ...branches.flatMap(({ type, flags: its }) => its.map(({ flag }) => ownedFlag(flag, provider, type))),
  ]);

function ownedFlag(flag: string, provider: ProviderName, branch?: string): OwnedFlag {
  const option = new Option(flag);
  return { long: option.long, attribute: option.attributeName(), provider, branch };
}

/** The first flag of a provider or a branch that was given. */
export const ownedFlagIn = (flags: Readonly<Record<string, unknown>>, registry: Registry): string | undefined =>
  ownedFlags(registry).find(({ attribute }) => flags[attribute] !== undefined)?.long;

/**
 * Refuses flags of providers and branches that would not be heeded.
 * @param provider the chosen one; an unknown one is left to the check of the input.
 * @throws UsageError that names the flag and what it goes with
 */
export function refuseStrayFlags(
  flags: Readonly<Record<string, unknown>> & { branch?: readonly string[] },
  provider: string,
  registry: Registry,
): void {
  if (!registry.some(({ name }) => name === provider)) return;
  const given = ownedFlags(registry).filter(({ attribute }) => flags[attribute] !== undefined);
  for (const { long } of given) {
    const owners = given.filter((one) => one.long === long);
    const here = owners.filter((one) => one.provider === provider);
    if (here.length === 0) {
      throw new UsageError(`${long}: goes with --provider ${oneOf(unique(owners.map((one) => one.provider)))}`);
    }
    const branches = here.flatMap(({ branch }) => branch ?? []);
    const isHeeded = branches.length < here.length || branches.some((type) => flags.branch?.includes(type));
    if (!isHeeded) throw new UsageError(`${long}: goes with --branch ${oneOf(branches)}${orInJson(flags.branch)}`);
  }
}

const orInJson = (branches: readonly string[] = []): string =>
  branches.some((text) => text.trimStart().startsWith('{')) ? '; a branch as JSON has all of its fields there' : '';

const unique = (names: readonly string[]): string[] => [...new Set(names)];

/** `a`, `a or b`, `a, b or c`. */
const oneOf = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
