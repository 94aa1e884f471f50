import { fieldOf } from './describe-issues';

/** Most levels of nesting. No valid input has more, and recursion stays safe. */
const MAX_NESTING = 20;

export interface PlainInput {
  value: unknown;
  /** Why the input is refused before the schema check; names the field. */
  problem?: string;
}

/**
 * Removes fields that are `null` before the schema check, because many JSON libraries write absent fields as `null`.
 */
export function plainInput(input: unknown): PlainInput {
  const problems: string[] = [];
  const value = plain(input, [], problems);
  return problems.length > 0 ? { value, problem: problems.join('; ') } : { value };
}

function plain(value: unknown, path: string[], problems: string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (path.length >= MAX_NESTING) {
    problems.push(`${fieldOf(path.slice(0, 3))}: is nested too deeply`);
    return undefined;
  }
  if (Array.isArray(value)) return value.map((item, index) => plain(item, [...path, String(index)], problems));
  const fields: [string, unknown][] = [];
  for (const [name, field] of Object.entries(value)) {
    if (field !== null) fields.push([name, plain(field, [...path, name], problems)]);
  }
  return Object.fromEntries(fields);
}
