import type { z } from 'zod';
import { ApiError, parseParameters } from '../../shared/server/api-error';

export const invalid = (message: string): ApiError => new ApiError(400, 'InvalidRequest', message);

export const missing = (parameter: string): ApiError => invalid(`The ${parameter} field is required.`);

export const notFound = (what: string, id: string): ApiError =>
  new ApiError(404, 'NotFound', `The ${what} ${id} does not exist.`);

/** Source: the SDK checks all its ids by it. */
const ID = /^[\w-]{1,255}$/;

export function checkedId(what: string, id: string): string {
  if (ID.test(id)) return id;
  throw invalid(`The id of the ${what} must have 1 to 255 letters, digits, "_" and "-".`);
}

/** The record of that id. @throws ApiError for a malformed or unknown one */
export function existing<T>(records: ReadonlyMap<string, T>, what: string, id: string): T {
  const record = records.get(checkedId(what, id));
  if (!record) throw notFound(what, id);
  return record;
}

/** Checks a request's fields; unknown ones are ignored. */
export const parse = <T>(schema: z.ZodType<T>, value: unknown): T =>
  parseParameters(schema, value, { missing, invalid });
