import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../contracts/ids';
import { isInvalidArgument, isRefusal } from '../grpc-errors';

/** The parts of a connection that are used here; the client's and the worker's both have them. */
export type NamespaceServices = Pick<Connection, 'workflowService' | 'operatorService'>;

/** Types as Temporal's command lines spell them, with their number in the server's API (`IndexedValueType`). */
const TYPES = {
  KEYWORD: { name: 'Keyword', number: 2 },
  INT: { name: 'Int', number: 3 },
  DATETIME: { name: 'Datetime', number: 6 },
} as const;

interface SearchAttribute {
  readonly name: string;
  readonly type: (typeof TYPES)[keyof typeof TYPES];
}

const WANTED: readonly SearchAttribute[] = Object.values(SEARCH_ATTRIBUTES).map(({ name, type }) => ({
  name,
  type: TYPES[type as keyof typeof TYPES],
}));

/** What a namespace lacks for this service. */
export interface SearchAttributeProblems {
  missing: string[];
  /** Registered, but with another type than ours; each a line for a person. */
  mistyped: string[];
}

/** @param aliases of `describeNamespace`: names by field, such as `AssetBytes` by `Int01`. */
export async function searchAttributeProblems(
  services: NamespaceServices,
  namespace: string,
  aliases: Readonly<Record<string, string>>,
): Promise<SearchAttributeProblems> {
  // On SQL databases and on Temporal Cloud the aliases are all there are; Elasticsearch has none.
  const fields = new Map(Object.entries(aliases).map(([field, name]) => [name, field]));
  const unknown = WANTED.filter(({ name }) => !fields.has(name));
  const mistyped = WANTED.flatMap(({ name, type }) => {
    const field = fields.get(name);
    const is = field?.replace(/\d+$/, '');
    return is === undefined || is === type.name ? [] : [`${name} is of type ${is}, and must be ${type.name}`];
  });
  if (unknown.length === 0) return { missing: [], mistyped };
  try {
    const { customAttributes } = await services.operatorService.listSearchAttributes({ namespace });
    const listed = customAttributes ?? {};
    for (const { name, type } of unknown) {
      const is = listed[name];
      if (is && Number(is) !== type.number) mistyped.push(`${name} is of another type, and must be ${type.name}`);
    }
    return { missing: unknown.filter(({ name }) => !(name in listed)).map(({ name }) => name), mistyped };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const names = unknown.map(({ name }) => name);
    return { missing: await unqueryable(services, namespace, names), mistyped };
  }
}

/** Registers these search attributes; without `names` all of ours. */
export async function addSearchAttributes(
  { operatorService }: Pick<NamespaceServices, 'operatorService'>,
  namespace: string,
  names: readonly string[] = WANTED.map(({ name }) => name),
): Promise<void> {
  const wanted = WANTED.filter(({ name }) => names.includes(name));
  const searchAttributes = Object.fromEntries(wanted.map(({ name, type }) => [name, type.number]));
  await operatorService.addSearchAttributes({ namespace, searchAttributes });
}

/** The names that the server does not accept in a query yet; its parts learn of a new attribute a little later. */
export async function unqueryable(
  { workflowService }: Pick<NamespaceServices, 'workflowService'>,
  namespace: string,
  names: readonly string[],
): Promise<string[]> {
  const refused: string[] = [];
  for (const name of names) {
    try {
      await workflowService.countWorkflowExecutions({ namespace, query: `${name} IS NULL` });
    } catch (error) {
      if (!isInvalidArgument(error)) throw error;
      refused.push(name);
    }
  }
  return refused;
}

/** Commands for a person who may add what is missing: the first for a cluster, the second for Temporal Cloud. */
export function commandsToAdd(namespace: string, names: readonly string[], address: string): string[] {
  const wanted = WANTED.filter(({ name }) => names.includes(name));
  const flags = wanted.map(({ name, type }) => `--name ${name} --type ${type.name}`).join(' ');
  const cloudFlags = wanted.map(({ name, type }) => `--search-attribute "${name}=${type.name}"`).join(' ');
  return [
    `temporal operator search-attribute create --address ${address} --namespace ${namespace} ${flags}`,
    `tcld namespace search-attributes add --namespace ${namespace} ${cloudFlags}`,
  ];
}
