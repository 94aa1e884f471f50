import { Option, type Command } from 'commander';
import type { InputFlag } from '../providers/branch-kind';
import { branchTypes, DEFAULT_PROVIDER, providerNames, type Registry } from '../providers/registry';
import { collect } from './flags';

/** Adds the flags that say provider and branches, of every command that takes an input. */
export function addInputFlags(command: Command, registry: Registry): void {
  command.option('--provider <name>', `${oneOf(providerNames(registry))} (default: ${DEFAULT_PROVIDER})`);
  addBranchFlags(command, registry);
  addFlags(
    command,
    registry.flatMap(({ flags }) => flags),
  );
}

export function addBranchFlags(command: Command, registry: Registry): void {
  command.option(
    '--branch <type>',
    `${oneOf(branchTypes(registry))} (default: none); repeat it for several, or give one as JSON`,
    collect,
  );
  addFlags(
    command,
    registry.flatMap(({ branches }) => branches.flatMap(({ flags }) => flags)),
  );
}

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
