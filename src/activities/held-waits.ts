import type { Activities, FailedSubmission, HeldWaitInput } from '../contracts/activities';
import { failure } from '../contracts/failures';
import { assetHandle, type Handle } from '../contracts/branches/handle';
import type { ProviderName } from '../contracts/ids';
import { snapshotOf } from '../providers/assets';
import type { Observation } from '../providers/media-provider';
import { accountOf, type ActivityDependencies } from './dependencies';
import { BEATS, cancellationOf, withHeartbeatEvery } from './lib/activity-call';
import { lookTogether } from './lib/look-together';
import { sessionEntry } from './uploads/leave-session';

type HeldWaits = Pick<Activities, 'untilAssetReady' | 'untilBranchReady'>;

/**
 * Waits that hold an activity slot and nothing else: one watcher per account asks for all of them together. What was
 * handed in and failed on its way is a result, so that Temporal does not ask again: the workflow submits it again.
 * @throws ProcessingFailed with the provider's own words · ResourceGone · WorkerStopping (another worker goes on).
 */
export function createHeldWaits(deps: ActivityDependencies): HeldWaits {
  const until = ({ provider: name, lastLook }: HeldWaitInput, handle: Handle): Promise<Observation> =>
    withHeartbeatEvery(BEATS.wait, async (signal) => {
      const observation = await (lastLook
        ? lookTogether(accountOf(deps, name).provider, handle, signal)
        : watch(deps, name, handle, signal));
      if (observation.state !== 'working') return observation;
      throw failure('DeadlineExceeded', `${handle.words} is still being processed at ${name}`);
    });

  return {
    async untilAssetReady(input) {
      const { provider: name, place, assetId, pending } = input;
      const handle = pending ?? assetHandle(assetId ?? '', place);
      const observation = await until(input, handle);
      if (pending && observation.state === 'failed') return failedSubmission(name, observation);
      const { asset } = readyOr(name, observation);
      if (asset) return snapshotOf(asset);
      throw failure('ProviderUnavailable', `${handle.words} is ready at ${name}, but was not described`);
    },
    async untilBranchReady(input) {
      readyOr(input.provider, await until(input, input.handle));
    },
  };
}

/** @throws ProcessingFailed · ResourceGone */
function readyOr(name: ProviderName, observation: Observation): Observation {
  if (observation.state === 'ready') return observation;
  const { words } = observation.handle;
  if (observation.state === 'failed') throw failure('ProcessingFailed', wordsOfFailure(name, observation));
  throw failure('ResourceGone', `${words} is gone: ${name} does not know it any more`);
}

const wordsOfFailure = (name: ProviderName, { handle, message }: Observation): string =>
  `${handle.words} ended as failed at ${name}: ${message ?? 'the provider gave no reason'}`;

function failedSubmission(name: ProviderName, observation: Observation): FailedSubmission {
  const { handle, type = 'ProcessingFailed', submissions = 1, message = 'the provider gave no reason' } = observation;
  const ended = sessionEntry(handle, 'deleted', `nothing came of it: ${message}`);
  return { failed: { type, message: wordsOfFailure(name, observation), submissions, ended } };
}

async function watch(deps: ActivityDependencies, name: ProviderName, handle: Handle, signal: AbortSignal) {
  try {
    return await accountOf(deps, name).watcher.until(handle, { signal });
  } catch (error) {
    throw signal.aborted ? cancellationOf(signal) : error;
  }
}
