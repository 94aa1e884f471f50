import { CANCEL_SIGNAL, FORCE_DELETE_SIGNAL } from '../contracts/ids';
import type { LifecycleStatus } from '../contracts/lifecycle-status';
import type { CancelRequest, ForceDeleteRequest } from '../contracts/messages';
import { LifecycleClosed, LifecycleNotFound } from '../temporal/errors';
import { summaryOf } from '../temporal/runs/run-status';
import { startDeletion, type ForceDeletion } from './deletions';
import type { LifecycleCalls } from './lifecycle-calls';
import { priorityOfKey } from './start/priority';

/** Asks a running lifecycle to stop. @throws LifecycleNotFound · LifecycleClosed */
export async function cancelLifecycle(calls: LifecycleCalls, key: string, request: CancelRequest): Promise<void> {
  await signalOpenRun(calls, key, { name: CANCEL_SIGNAL, request });
}

/** Asks a running lifecycle to delete everything. @returns false if no run of the key is open, and whether one is known */
export async function signalForceDelete(
  calls: LifecycleCalls,
  key: string,
  request: ForceDeleteRequest,
): Promise<{ signalled: boolean; known: boolean }> {
  try {
    await signalOpenRun(calls, key, { name: FORCE_DELETE_SIGNAL, request });
    return { signalled: true, known: true };
  } catch (error) {
    if (error instanceof LifecycleClosed) return { signalled: false, known: true };
    if (error instanceof LifecycleNotFound) return { signalled: false, known: false };
    throw error;
  }
}

/** Starts the deletion of what a closed or forgotten lifecycle has made, or joins the one that runs. */
export async function deleteClosed(
  calls: LifecycleCalls,
  key: string,
  { reason }: ForceDeleteRequest,
): Promise<Omit<ForceDeletion, 'known'>> {
  const input = { key, provider: calls.provider, reason };
  const priority = await priorityOfKey(calls, key);
  const deletion = await calls.withClientErrors(() => startDeletion(calls.client, input, priority));
  return {
    ...deletion,
    status: (): Promise<LifecycleStatus> => calls.withClientErrors(() => deletion.status(), key),
    result: (): Promise<LifecycleStatus> => calls.withClientErrors(() => deletion.result(), key),
  };
}

async function signalOpenRun(
  calls: LifecycleCalls,
  key: string,
  { name, request }: { name: string; request: object },
): Promise<void> {
  const run = await calls.describeRun(key);
  const closed = new LifecycleClosed(
    `lifecycle "${key}" has ended (${summaryOf(run).outcome}); there is nothing to stop`,
  );
  if (run.status.name !== 'RUNNING') throw closed;
  try {
    await calls.withClientErrors(() => calls.handle(key).signal(name, request), key);
  } catch (error) {
    throw error instanceof LifecycleNotFound ? closed : error; // it closed meanwhile
  }
}
