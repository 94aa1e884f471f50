import type { LifecycleClient } from '../../../client/lifecycle-client';
import type { RetryOptions } from '../../../client/start/retry-lifecycle';
import type { ListFilter } from '../../../temporal/runs/list-query';
import {
  InvalidInput,
  LifecycleBeingDeleted,
  type LifecycleClientError,
  LifecycleNotFailed,
  LifecycleNotFound,
} from '../../../temporal/errors';

/** What became of one key of many. */
export interface RetryOutcome {
  key: string;
  /** `would` with a dry run, `overtaken` if the key has gone on since the run that was listed. */
  result: 'retried' | 'would' | 'overtaken' | 'refused';
  /** Of the new run. */
  workflowId?: string;
  runId?: string;
  /** Why it was not retried. */
  because?: string;
}

/** Keys worked on at once. The new runs wait at the account's own gate, so this only spares the Temporal server. */
const KEYS_AT_ONCE = 8;

/** Errors about a single key; any other ends the whole. */
const REFUSALS = [InvalidInput, LifecycleBeingDeleted, LifecycleNotFailed, LifecycleNotFound] as const;

/**
 * Does `one` for each key, several at once, and tells each outcome as it comes.
 * @throws what is wrong with more than one key, such as an unreachable server; keys that wait are left alone then.
 */
export async function forEachKey(
  keys: readonly string[],
  one: (key: string) => Promise<RetryOutcome>,
  tell: (outcome: RetryOutcome) => void,
): Promise<void> {
  const left = keys.toReversed();
  const lane = async (): Promise<void> => {
    for (let key = left.pop(); key !== undefined; key = left.pop()) {
      try {
        tell(await orRefusal(key, one));
      } catch (error) {
        left.length = 0;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: KEYS_AT_ONCE }, lane));
  for (const settled of lanes) if (settled.status === 'rejected') throw settled.reason;
}

async function orRefusal(key: string, one: (key: string) => Promise<RetryOutcome>): Promise<RetryOutcome> {
  try {
    return await one(key);
  } catch (error) {
    if (!REFUSALS.some((refusal) => error instanceof refusal)) throw error;
    return { key, result: 'refused', because: (error as LifecycleClientError).message };
  }
}

export async function retryOne(client: LifecycleClient, key: string, options: RetryOptions): Promise<RetryOutcome> {
  const { joined, workflowId, runId } = await client.retry(key, options);
  if (joined) return { key, result: 'overtaken', workflowId, runId, because: 'another start was faster' };
  return { key, result: 'retried', workflowId, runId };
}

/** Keys of failed lifecycles, newest first, each once. */
export async function failedKeys(client: LifecycleClient, filter: ListFilter): Promise<string[]> {
  const keys = new Set<string>();
  for await (const { key } of client.list({ ...filter, outcome: 'failed' })) keys.add(key);
  return [...keys];
}

/**
 * Retries a key of the list. Visibility lists every run: one that failed may have been followed by another.
 * @param dryRun only says what would be done.
 */
export async function retryListed(
  client: LifecycleClient,
  key: string,
  { dryRun = false, ...options }: RetryOptions & { dryRun?: boolean },
): Promise<RetryOutcome> {
  const latest = await client.get(key);
  if (latest.outcome !== 'failed') {
    return { key, result: 'overtaken', because: `its latest run is ${latest.outcome ?? 'running'}` };
  }
  return dryRun ? { key, result: 'would' } : retryOne(client, key, options);
}
