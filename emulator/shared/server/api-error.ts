import type { z } from 'zod';

/** An answer other than success, in the words of the emulated API. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }
}

/** How an API says that a parameter is missing or wrong. */
export interface ParameterErrors {
  missing(parameter: string): ApiError;
  invalid(message: string): ApiError;
}

/** Checks a request's parameters and tells of the first that is wrong. Unknown ones are ignored. */
export function parseParameters<T>(schema: z.ZodType<T>, value: unknown, errors: ParameterErrors): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const at = issue?.path.join('.') ?? '';
  if (issue?.path.length && valueAt(value, issue.path) === undefined) throw errors.missing(at);
  throw errors.invalid(
    at ? `The ${at} parameter is invalid: ${issue?.message}.` : `The request is invalid: ${issue?.message}.`,
  );
}

function valueAt(value: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner === null || inner === undefined ? undefined : (inner as Record<PropertyKey, unknown>)[key]),
    value,
  );
}
