import { Option, type Command } from 'commander';
import type { StartOptions } from '../client/start/start-lifecycle';
import type { InputFlag } from '../providers/branch-kind';
import { branchTypes, DEFAULT_PROVIDER, providerNames, type Registry } from '../providers/registry';
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

/** `a`, `a or b`, `a, b or c`. */
const oneOf = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
