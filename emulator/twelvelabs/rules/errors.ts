import { type z } from 'zod';
import { ApiError, parseParameters } from '../../shared/server/api-error';

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
export const parse = <T>(schema: z.ZodType<T>, value: unknown): T =>
  parseParameters(schema, value, { missing, invalid });
