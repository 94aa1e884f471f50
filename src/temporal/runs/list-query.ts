import { ASSET_LIFECYCLE, SEARCH_ATTRIBUTES } from '../../contracts/ids';
import type { Outcome, Phase } from '../../contracts/lifecycle-status';
import { InvalidInput } from '../errors';

export interface ListFilter {
  phase?: Phase;
  outcome?: Outcome;
  branch?: string;
  assetId?: string;
  /** Only keys that begin with this. */
  key?: string;
  /** Only runs that were started at this time or later. */
  startedAfter?: Date;
  /** More conditions in Temporal's list filter language, joined with AND. */
  query?: string;
  /** Most summaries to give. */
  limit?: number;
}

/** The condition that every query of ours begins with. */
export const LIFECYCLES_CONDITION = `WorkflowType = '${ASSET_LIFECYCLE}'`;

/** Words of ours and ids of the provider: the only values that may stand in a query. */
const SAFE_VALUE = /^[A-Za-z0-9_-]+$/;
/** The start of a key that is safe in every server's query language. */
const SAFE_START = /^[A-Za-z0-9/._-]*/;

/** `name IN (…)` of the values that may stand in a query; `undefined` when none of them may. */
export function oneOf({ name }: { name: string }, values: readonly string[]): string | undefined {
  const safe = [...new Set(values)].filter((value) => SAFE_VALUE.test(value));
  return safe.length > 0 ? `${name} IN (${safe.map((value) => `'${value}'`).join(', ')})` : undefined;
}

/**
 * The filter in Temporal's own language. A key can hold characters that break a query, so only its safe start is used;
 * the caller must compare the keys in the answer.
 * @throws InvalidInput for an asset id that no provider gives.
 */
export function listQuery({ phase, outcome, branch, assetId, key, startedAfter, query }: ListFilter): string {
  const conditions = [LIFECYCLES_CONDITION];
  const words = [
    [SEARCH_ATTRIBUTES.phase, phase],
    [SEARCH_ATTRIBUTES.outcome, outcome],
    [SEARCH_ATTRIBUTES.branch, branch],
    [SEARCH_ATTRIBUTES.assetId, assetId],
  ] as const;
  for (const [attribute, value] of words) {
    if (value === undefined) continue;
    if (!SAFE_VALUE.test(value)) {
      throw new InvalidInput(`${attribute.name}: "${value}" is no value of it; it holds letters, digits, "_" and "-"`);
    }
    conditions.push(`${attribute.name} = '${value}'`);
  }
  const start = SAFE_START.exec(key ?? '')?.[0] ?? '';
  if (start) conditions.push(`${SEARCH_ATTRIBUTES.key.name} STARTS_WITH '${start}'`);
  if (startedAfter) conditions.push(`StartTime >= '${startedAfter.toISOString()}'`);
  if (query) conditions.push(`(${query})`);
  return conditions.join(' AND ');
}
