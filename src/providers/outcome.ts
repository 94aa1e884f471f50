import { failureType } from '../contracts/failures';

/** Options of every call that reaches the provider. */
export interface CallOptions {
  /** Aborts the call; what it may have done by then is the caller's to find out. */
  signal?: AbortSignal;
}

/** What became of one item of many. A failed item never hides what became of the others. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; error: unknown };

export const succeeded = <T>(value: T): Outcome<T> => ({ ok: true, value });
export const failed = (error: unknown): Outcome<never> => ({ ok: false, error });

/** The outcome of work on one item, whatever it throws. */
export async function outcomeOf<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return succeeded(await work());
  } catch (error) {
    return failed(error);
  }
}

/** The value of a single item's outcome. @throws its error, or when there is not exactly one outcome. */
export function only<T>(outcomes: readonly Outcome<T>[]): T {
  const [outcome, ...others] = outcomes;
  if (!outcome || others.length > 0) throw new Error(`expected one outcome, not ${outcomes.length}`);
  if (outcome.ok) return outcome.value;
  throw outcome.error;
}

/**
 * A write was aborted before it had gone out in full, so it had no effect. A write that had gone out is never thrown
 * away: the adapter waits for its answer, also when the signal aborts, because only then is the effect known.
 */
export class SubmissionAborted extends Error {
  override readonly name = 'SubmissionAborted';
}

/** What a call gave; `undefined` where the provider does not know (any more) what it was about. */
export async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (failureType(error) === 'ResourceGone') return undefined;
    throw error;
  }
}
