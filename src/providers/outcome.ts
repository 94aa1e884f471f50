import { failureType } from '../contracts/failures';

/** Options of every call that reaches the provider. */
export interface CallOptions {
  /** Aborts the call. The caller must find out whether it had an effect. */
  signal?: AbortSignal;
}

/** Outcome of one item of many. A failed item does not hide the outcomes of the others. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; error: unknown };

export const succeeded = <T>(value: T): Outcome<T> => ({ ok: true, value });
export const failed = (error: unknown): Outcome<never> => ({ ok: false, error });

/** Runs `work` and gives its result or error as an outcome. */
export async function outcomeOf<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return succeeded(await work());
  } catch (error) {
    return failed(error);
  }
}

/** Gives the value of the only outcome. @throws its error, or an error if there is not exactly one outcome. */
export function only<T>(outcomes: readonly Outcome<T>[]): T {
  const [outcome, ...others] = outcomes;
  if (!outcome || others.length > 0) throw new Error(`expected one outcome, not ${outcomes.length}`);
  if (outcome.ok) return outcome.value;
  throw outcome.error;
}

/**
 * A write was aborted before all of it was sent, so it had no effect. For a write that was sent in full the adapter
 * waits for the answer even if the signal aborts, because only the answer tells the effect.
 */
export class SubmissionAborted extends Error {
  override readonly name = 'SubmissionAborted';
}

/** Gives the result of a call; `undefined` if it fails with ResourceGone. */
export async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (failureType(error) === 'ResourceGone') return undefined;
    throw error;
  }
}
