import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../contracts/ids';

/** `IndexedValueType` of the server's API. */
const TYPES = { KEYWORD: 2, INT: 3, DATETIME: 6 } as const;

/** Registers the search attributes that a namespace lacks. Safe to repeat. */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.values(SEARCH_ATTRIBUTES).filter(({ name }) => !(name in (customAttributes ?? {})));
  if (missing.length === 0) return;
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map(({ name, type }) => [name, TYPES[type as keyof typeof TYPES]])),
  });
}
