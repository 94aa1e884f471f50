import { setMaxListeners } from 'node:events';
import { CallAborted, CallTimedOut, InvalidInput } from '../temporal/errors';

/** How long a caller waits for one call. */
export interface CallLimits {
  /** Ends the call with {@link CallAborted}; nothing more is sent. */
  signal?: AbortSignal;
  /** Milliseconds after which the call ends with {@link CallTimedOut}. Of an iterator: for each of its requests. */
  timeoutMs?: number;
}

/** A timer takes no more. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Runs a call within its caller's limits. `run` gets a signal that aborts with the first of them; the caller does not
 * wait for `run` to notice, unless it tidies up.
 * @param call names it in messages: `assets.get a1`.
 * @param writes true if it may have had its effect when a limit ends it.
 * @param tidiesUp true if `run` still does something once its signal has aborted, which is waited for.
 */
export async function withLimits<T>(
  { call, writes = false, tidiesUp = false }: { call: string; writes?: boolean; tidiesUp?: boolean },
  { signal, timeoutMs }: CallLimits,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  checkLimits(call, { signal, timeoutMs });
  if (signal?.aborted) throw new CallAborted(`${call}: aborted before it was sent`, { cause: signal.reason });
  const effect = writes ? '; it may have had its effect' : '';
  const stop = new AbortController();
  setMaxListeners(0, stop.signal); // a call may make many requests at once
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => {};
  const stopped = new Promise<never>((_resolve, reject) => {
    const end = (error: Error): void => {
      reject(error);
      stop.abort(error);
    };
    onAbort = () => end(new CallAborted(`${call}: aborted by its caller${effect}`, { cause: signal?.reason }));
    const onTimeout = () => end(new CallTimedOut(`${call}: no answer within ${timeoutMs} ms${effect}`));
    if (timeoutMs !== undefined) timer = setTimeout(onTimeout, timeoutMs);
  });
  signal?.addEventListener('abort', onAbort, { once: true });
  const running = run(stop.signal);
  try {
    return await Promise.race([running, stopped]);
  } catch (error) {
    if (tidiesUp) await running.catch(() => {}); // the limit is what the caller is told
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** @throws InvalidInput */
function checkLimits(call: string, { signal, timeoutMs }: CallLimits): void {
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new InvalidInput(`${call}: signal: must be an AbortSignal`);
  }
  if (timeoutMs === undefined) return;
  if (Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS) return;
  throw new InvalidInput(`${call}: timeoutMs: must be a whole number from 1 to ${MAX_TIMEOUT_MS}, not ${timeoutMs}`);
}
