import type { z } from 'zod';

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

/** A path in an input, for messages: `branch.type`. */
export const fieldOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => shown(String(part))).join('.') || 'input';

const quoted = (name: string): string => `"${shown(name)}"`;

/** A field's name can be anything that a caller sent, even a presigned URL, so it is shortened. */
const shown = (name: string): string =>
  name.includes('://') ? '(a URL)' : name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
