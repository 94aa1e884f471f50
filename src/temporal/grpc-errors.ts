/** Codes of gRPC by which a server refuses a call for good. Temporal Cloud refuses its operator service so. */
const REFUSAL_CODES: ReadonlySet<number> = new Set([7, 12, 16]); // PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
/** Codes for a missing answer. */
const NO_ANSWER_CODES: ReadonlySet<number> = new Set([4, 14]); // DEADLINE_EXCEEDED, UNAVAILABLE

/** The server answers, but does not let this caller do this. */
export const isRefusal = (error: unknown): boolean => REFUSAL_CODES.has(codeOf(error));

export const isInvalidArgument = (error: unknown): boolean => codeOf(error) === INVALID_ARGUMENT;

export const isNotFound = (error: unknown): boolean => codeOf(error) === NOT_FOUND;

export const isNoAnswer = (error: unknown): boolean => NO_ANSWER_CODES.has(codeOf(error));

/** The code of gRPC that a server, or the way to it, answered with; `undefined` for any other error. */
export function grpcCodeOf(error: unknown): number | undefined {
  const code = codeOf(error);
  return code < 0 ? undefined : code;
}

/** The server's own words, without the code in front. */
export function wordsOf(error: unknown): string {
  const { details } = rootOf(error) as { details?: unknown };
  if (typeof details === 'string' && details !== '') return details;
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}

function codeOf(error: unknown): number {
  const { code } = rootOf(error) as { code?: unknown };
  return typeof code === 'number' ? code : -1;
}

/** The SDK's own errors have the answer as their cause. */
function rootOf(error: unknown): object {
  if (typeof error !== 'object' || error === null) return {};
  if (!('code' in error) && error instanceof Error && typeof error.cause === 'object' && error.cause)
    return error.cause;
  return error;
}
