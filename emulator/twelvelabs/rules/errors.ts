import { type z } from 'zod';

/** An answer other than success, in the provider's words; the routes put it into the shape of their family. */
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

export const invalid = (message: string): ApiError => new ApiError(400, 'parameter_invalid', message);

export const missing = (parameter: string): ApiError =>
  new ApiError(400, 'parameter_not_provided', `The ${parameter} parameter is required but was not provided.`);

/** The record of that id, or the error that the provider documents for a malformed or an unknown one. */
export function existing<T>(records: ReadonlyMap<string, T>, what: string, id: string): T {
  if (!/^[0-9a-f]{24}$/i.test(id)) throw invalid(`The ${what} id ${JSON.stringify(id)} is not a valid id.`);
  const record = records.get(id.toLowerCase());
  if (!record) throw new ApiError(404, 'resource_not_exist', `The ${what} with id ${id} does not exist.`);
  return record;
}

/** Checks a request's parameters; unknown ones are ignored. */
export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const at = issue?.path.join('.') ?? '';
  if (issue?.path.length && valueAt(value, issue.path) === undefined) throw missing(at);
  throw invalid(
    at ? `The ${at} parameter is invalid: ${issue?.message}.` : `The request is invalid: ${issue?.message}.`,
  );
}

function valueAt(value: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner === null || inner === undefined ? undefined : (inner as Record<PropertyKey, unknown>)[key]),
    value,
  );
}
