import type { WorkflowExecutionDescription } from '@temporalio/client';
import { CANCEL_SIGNAL, FORCE_DELETE_SIGNAL, type ProviderName } from '../contracts/ids';
import type { LifecycleStatus } from '../contracts/lifecycle-status';
import type { CancelRequest, ForceDeleteRequest } from '../contracts/messages';
import { acceptDeletion, declarationOf, type PlaceInput } from '../providers/registry';
import { LifecycleClosed, LifecycleNotFound } from '../temporal/errors';
import { summaryOf } from '../temporal/runs/run-status';
import { startDeletion, type ForceDeletion } from './deletions';
import type { LifecycleCalls } from './lifecycle-calls';
import { checkedInput } from './start/checked-input';
import { placeOfRun, refuseOtherPlace } from './start/key-place';
import { priorityOfRun } from './start/priority';

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

/**
 * Starts the deletion of what a closed or forgotten lifecycle has made, or joins the one that runs.
 * @throws InvalidInput where the place has to be named, since Temporal does not know the key, and is not
 */
export async function deleteClosed(
  calls: LifecycleCalls,
  key: string,
  { reason, ...place }: ForceDeleteRequest & PlaceInput,
): Promise<Omit<ForceDeletion, 'known'>> {
  const run = await lastRun(calls, key);
  const known = run && (await calls.withClientErrors(() => placeOfRun(calls.client, run), key));
  const named = isNamed(place) ? place : placeFields(calls.provider, known);
  const input = { ...named, key, provider: calls.provider, reason };
  checkedInput(() => acceptDeletion(input));
  const priority = run && priorityOfRun(run);
  const deletion = await calls.withClientErrors(() => startDeletion(calls.client, input, priority));
  return {
    ...deletion,
    status: (): Promise<LifecycleStatus> => calls.withClientErrors(() => deletion.status(), key),
    result: (): Promise<LifecycleStatus> => calls.withClientErrors(() => deletion.result(), key),
  };
}

/** @throws InvalidInput for a place that is no such text · KeyInUse if the key's last run is in another place */
export async function checkPlace(calls: LifecycleCalls, key: string, place: PlaceInput): Promise<void> {
  if (!isNamed(place)) return;
  const { provider } = calls;
  const accepted = checkedInput(() => acceptDeletion({ ...place, key, provider }));
  const run = await lastRun(calls, key);
  if (run)
    await calls.withClientErrors(() => refuseOtherPlace(calls.client, { key, provider, place: accepted.place }, run));
}

async function lastRun(calls: LifecycleCalls, key: string): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await calls.describeRun(key);
  } catch (error) {
    if (error instanceof LifecycleNotFound) return undefined;
    throw error;
  }
}

const isNamed = (place: PlaceInput): boolean => Object.values(place).some((field) => field !== undefined);

/** The field of an input that names the place. */
export function placeFields(provider: ProviderName, place: string | undefined): object {
  const { placeField } = declarationOf(provider);
  return placeField === undefined || place === undefined ? {} : { [placeField]: place };
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
