import type { Activities, HeldWaitInput } from '../contracts/activities';
import { failure } from '../contracts/failures';
import { assetHandle, type Handle } from '../contracts/branches/handle';
import type { ProviderName } from '../contracts/ids';
import { snapshotOf } from '../providers/assets';
import type { Observation } from '../providers/media-provider';
import { accountOf, type ActivityDependencies } from './dependencies';
import { BEATS, cancellationOf, withHeartbeatEvery } from './lib/activity-call';

type HeldWaits = Pick<Activities, 'untilAssetReady' | 'untilBranchReady'>;

/**
 * Waits that hold an activity slot and nothing else: one watcher per account asks for all of them together.
 * @throws ProcessingFailed with the provider's own words · ResourceGone · WorkerStopping (another worker goes on).
 */
export function createHeldWaits(deps: ActivityDependencies): HeldWaits {
  const until = ({ provider: name, lastLook }: HeldWaitInput, handle: Handle): Promise<Observation> =>
    withHeartbeatEvery(BEATS.wait, async (signal) => {
      const observation = await (lastLook ? look : watch)(deps, name, handle, signal);
      const { words } = handle;
      switch (observation.state) {
        case 'ready':
          return observation;
        case 'working':
          throw failure('DeadlineExceeded', `${words} is still being processed at ${name}`);
        case 'gone':
          throw failure('ResourceGone', `${words} is gone: ${name} does not know it any more`);
        case 'failed': {
          const why = observation.message ?? 'the provider gave no reason';
          throw failure('ProcessingFailed', `${words} ended as failed at ${name}: ${why}`);
        }
      }
    });

  return {
    async untilAssetReady(input) {
      const { asset } = await until(input, assetHandle(input.assetId, input.place));
      if (asset) return snapshotOf(asset);
      const message = `Asset ${input.assetId} is ready at ${input.provider}, but was not described`;
      throw failure('ProviderUnavailable', message);
    },
    async untilBranchReady(input) {
      await until(input, input.handle);
    },
  };
}

async function watch(deps: ActivityDependencies, name: ProviderName, handle: Handle, signal: AbortSignal) {
  try {
    return await accountOf(deps, name).watcher.until(handle, { signal });
  } catch (error) {
    throw signal.aborted ? cancellationOf(signal) : error;
  }
}

/** Reads the state once. */
async function look(deps: ActivityDependencies, name: ProviderName, handle: Handle, signal: AbortSignal) {
  const { provider } = accountOf(deps, name);
  for await (const heard of provider.watch([handle], { signal, pace: async () => {} })) {
    if ('error' in heard) throw heard.error;
    return heard;
  }
  throw failure('ProviderUnavailable', `${name} said nothing of ${handle.words}`);
}
