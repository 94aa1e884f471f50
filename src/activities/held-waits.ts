import type { Activities, HeldWaitInput } from '../contracts/activities';
import { failure } from '../contracts/failures';
import type { ProviderName } from '../contracts/ids';
import type { Observation, WatchTarget } from '../providers/media-provider';
import { BEATS, cancellationOf, withHeartbeatEvery } from './lib/activity-call';
import { snapshotOf } from './asset-snapshot';
import { accountOf, type ActivityDependencies } from './dependencies';

type HeldWaits = Pick<
  Activities,
  'untilAssetReady' | 'untilEmbeddingReady' | 'untilEntityReady' | 'untilIndexedAssetReady'
>;

/**
 * Waits that hold an activity slot and nothing else: one watcher per account asks for all of them together.
 * @throws ProcessingFailed with the provider's own words · ResourceGone · WorkerStopping (another worker goes on).
 */
export function createHeldWaits(deps: ActivityDependencies): HeldWaits {
  const until = (
    { provider: name, lastLook }: HeldWaitInput,
    what: string,
    target: WatchTarget,
  ): Promise<Observation> =>
    withHeartbeatEvery(BEATS.wait, async (signal) => {
      const observation = await (lastLook ? look : watch)(deps, name, target, signal);
      if (observation.state === 'ready') return observation;
      if (observation.state === 'working')
        throw failure('DeadlineExceeded', `${what} is still being processed at ${name}`);
      if (observation.state === 'gone')
        throw failure('ResourceGone', `${what} is gone: ${name} does not know it any more`);
      const words = observation.message ?? 'the provider gave no reason';
      throw failure('ProcessingFailed', `${what} ended as failed at ${name}: ${words}`);
    });

  return {
    async untilAssetReady(input) {
      const { provider, assetId } = input;
      const { asset } = await until(input, `Asset ${assetId}`, { kind: 'asset', assetId });
      if (asset) return snapshotOf(asset);
      throw failure('ProviderUnavailable', `Asset ${assetId} is ready at ${provider}, but was not described`);
    },
    async untilEmbeddingReady(input) {
      const { taskId } = input;
      await until(input, `Embed task ${taskId}`, { kind: 'embedding', taskId });
    },
    async untilEntityReady(input) {
      const { collectionId, entityId } = input;
      await until(input, `Entity ${entityId}`, { kind: 'entity', collectionId, entityId });
    },
    async untilIndexedAssetReady(input) {
      const { indexId, indexedAssetId } = input;
      await until(input, `Indexed asset ${indexedAssetId}`, { kind: 'indexed-asset', indexId, indexedAssetId });
    },
  };
}

async function watch(deps: ActivityDependencies, name: ProviderName, target: WatchTarget, signal: AbortSignal) {
  try {
    return await accountOf(deps, name).watcher.until(target, { signal });
  } catch (error) {
    throw signal.aborted ? cancellationOf(signal) : error;
  }
}

/** Reads the state once. */
async function look(deps: ActivityDependencies, name: ProviderName, target: WatchTarget, signal: AbortSignal) {
  const { provider } = accountOf(deps, name);
  for await (const heard of provider.observe([target], { signal, pace: async () => {} })) {
    if ('error' in heard) throw heard.error;
    return heard;
  }
  throw failure('ProviderUnavailable', `${name} said nothing of ${Object.values(target).join(' ')}`);
}
