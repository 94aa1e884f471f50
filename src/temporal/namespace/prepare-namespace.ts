import { setTimeout as delay } from 'node:timers/promises';
import { isNoAnswer, wordsOf } from '../grpc-errors';
import type { NamespaceState } from './namespace';
import { addSearchAttributes, commandsToAdd, unqueryable, type NamespaceServices } from './search-attributes';

/** What became of the search attributes. */
export interface SearchAttributesOutcome {
  /** `missing`: some are missing, and adding was not asked for. `refused`: this caller may not add them. */
  state: 'complete' | 'added' | 'missing' | 'refused';
  added: string[];
  missing: string[];
  /** Registered with another type; a person has to remove or rename them. */
  mistyped: string[];
  /** What a person can run to add what is missing. */
  commands?: string[];
  /** The server's words. */
  because?: string;
}

const KNOWN_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 250;

/**
 * Adds the search attributes that a namespace lacks, and waits until they can be used. Safe to repeat.
 * A refusal is returned, not thrown, so that later steps still run.
 */
export async function ensureSearchAttributes(
  services: NamespaceServices,
  { namespace, address }: { namespace: string; address: string },
  state: NamespaceState,
): Promise<SearchAttributesOutcome> {
  const { missing, mistyped } = state.searchAttributes;
  if (missing.length === 0) return searchAttributesAsFound({ namespace, address }, state);
  try {
    await addSearchAttributes(services, namespace, missing);
    await untilQueryable(services, namespace, missing);
    return { state: 'added', added: missing, missing: [], mistyped };
  } catch (error) {
    if (isNoAnswer(error)) throw error;
    const commands = commandsToAdd(namespace, missing, address);
    return { state: 'refused', added: [], missing, mistyped, commands, because: wordsOf(error) };
  }
}

/** The same without changing anything. */
export function searchAttributesAsFound(
  { namespace, address }: { namespace: string; address: string },
  { searchAttributes: { missing, mistyped } }: NamespaceState,
): SearchAttributesOutcome {
  if (missing.length === 0) return { state: 'complete', added: [], missing, mistyped };
  return { state: 'missing', added: [], missing, mistyped, commands: commandsToAdd(namespace, missing, address) };
}

async function untilQueryable(services: NamespaceServices, namespace: string, names: readonly string[]): Promise<void> {
  const deadline = Date.now() + KNOWN_WITHIN_MS;
  let left = await unqueryable(services, namespace, names);
  while (left.length > 0 && Date.now() < deadline) {
    await delay(LOOK_EVERY_MS);
    left = await unqueryable(services, namespace, left);
  }
}
