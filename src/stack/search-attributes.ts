import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../contracts/ids';

/** `IndexedValueType` of the server's API. */
const TYPES = { KEYWORD: 2, INT: 3, DATETIME: 6 } as const;

/** Registers the search attributes that a namespace lacks, and gives their names. Safe to repeat. */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return addSearchAttributes(connection, namespace, new Set(Object.keys(customAttributes ?? {})));
}

/** Registers all search attributes but those that are known already. */
export async function addSearchAttributes(
  connection: Connection,
  namespace: string,
  known: ReadonlySet<string> = new Set(),
): Promise<string[]> {
  const missing = Object.values(SEARCH_ATTRIBUTES).filter(({ name }) => !known.has(name));
  if (missing.length === 0) return [];
  const searchAttributes = Object.fromEntries(
    missing.map(({ name, type }) => [name, TYPES[type as keyof typeof TYPES]]),
  );
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  return missing.map(({ name }) => name);
}
