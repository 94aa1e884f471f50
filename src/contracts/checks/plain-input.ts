import type { z } from 'zod';

/** Most levels of nesting: more than any valid input has, and safe for the recursion. */
const DEEPEST = 20;

export interface PlainInput {
  value: unknown;
  /** Why the input is refused before the schema checks it; names the field. */
  problem?: string;
}

/**
 * The input as the schemas take it: without fields that are `null`, since many JSON libraries write an absent field so.
 */
export function plainInput(input: unknown): PlainInput {
  const problems: string[] = [];
  const value = plain(input, [], problems);
  return problems.length > 0 ? { value, problem: problems.join('; ') } : { value };
}

function plain(value: unknown, path: string[], problems: string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (path.length >= DEEPEST) {
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

/** Every wrong field with what it may be: `branch.type: must be …; source: …`. Repeats no value, and no URL. */
export const describeIssues = (error: z.core.$ZodError): string =>
  error.issues
    .map((issue) => {
      const words =
        issue.code === 'unrecognized_keys' ? `unknown field ${issue.keys.map(quoted).join(', ')}` : issue.message;
      return `${fieldOf(issue.path)}: ${words}`;
    })
    .join('; ');

const LONGEST_NAME = 60;

const fieldOf = (path: readonly PropertyKey[]): string => path.map((part) => shown(String(part))).join('.') || 'input';

const quoted = (name: string): string => `"${shown(name)}"`;

/** A field's name can be anything that a caller sent, even a presigned URL, so it is shortened. */
const shown = (name: string): string =>
  name.includes('://') ? '(a URL)' : name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
