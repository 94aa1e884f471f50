import type { z } from 'zod';

/** Lists every wrong field and its allowed values: `branch.type: must be …; source: …`. Contains no value and no URL. */
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

/** Shortens a field's name: a caller can send anything as a name, even a presigned URL. */
const shown = (name: string): string =>
  name.includes('://') ? '(a URL)' : name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
