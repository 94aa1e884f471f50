import type { z } from 'zod';

/** Lists every wrong field and its allowed values: `branch.type: must be …; source: …`. Contains no value and no URL. */
export const describeIssues = (error: z.core.$ZodError): string =>
  error.issues
    .flatMap((issue) => ofClosestForm(issue))
    .map((issue) => {
      const words =
        issue.code === 'unrecognized_keys' ? `unknown field ${issue.keys.map(quoted).join(', ')}` : issue.message;
      return `${fieldOf(issue.path)}: ${words}`;
    })
    .join('; ');

type Issue = z.core.$ZodIssue;

/**
 * A field that may have one of several forms, such as an object or a list: the issues of the form that the value has.
 * Those of any other form begin with the value itself.
 */
function ofClosestForm(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const closest = issue.errors.find((issues) => issues.every(({ path }) => path.length > 0));
  if (!closest) return [issue];
  return closest.flatMap((inner) => ofClosestForm({ ...inner, path: [...issue.path, ...inner.path] }));
}

const LONGEST_NAME = 60;

/** A path in an input, for messages: `branch.type`. */
export const fieldOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => shown(String(part))).join('.') || 'input';

const quoted = (name: string): string => `"${shown(name)}"`;

/** Shortens a field's name: a caller can send anything as a name, even a presigned URL. */
const shown = (name: string): string =>
  name.includes('://') ? '(a URL)' : name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
