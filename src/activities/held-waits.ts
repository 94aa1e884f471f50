import type { Activities } from '../contracts/activities';
import { failure } from '../contracts/failures';
import type { ProviderName } from '../contracts/ids';
import type { Observation, WatchTarget } from '../providers/media-provider';
import { cancellationOf, heartbeating } from './activity-call';
import { snapshotOf } from './asset-snapshot';
import { accountOf, type ActivityDependencies } from './dependencies';

/** A third of the heartbeat timeout, so that two may be lost. */
const HEARTBEAT_MS = 10_000;

type HeldWaits = Pick<
  Activities,
  'untilAssetReady' | 'untilEmbeddingReady' | 'untilEntityReady' | 'untilIndexedAssetReady'
>;

/**
 * Waits that hold an activity slot and nothing else: one watcher per account asks for all of them together.
 * @throws ProcessingFailed with the provider's own words · ResourceGone · WorkerStopping (another worker goes on).
 */
export function createHeldWaits(deps: ActivityDependencies): HeldWaits {
  const until = (name: ProviderName, what: string, target: WatchTarget): Promise<Observation> =>
    heartbeating(HEARTBEAT_MS, async (signal) => {
      const observation = await watch(deps, name, target, signal);
      if (observation.state === 'ready') return observation;
      if (observation.state === 'gone')
        throw failure('ResourceGone', `${what} is gone: ${name} does not know it any more`);
      const words = observation.message ?? 'the provider gave no reason';
      throw failure('ProcessingFailed', `${what} ended as failed at ${name}: ${words}`);
    });

  return {
    async untilAssetReady({ provider, assetId }) {
      const { asset } = await until(provider, `Asset ${assetId}`, { kind: 'asset', assetId });
      if (asset) return snapshotOf(asset);
      throw failure('ProviderUnavailable', `Asset ${assetId} is ready at ${provider}, but was not described`);
    },
    async untilEmbeddingReady({ provider, taskId }) {
      await until(provider, `Embed task ${taskId}`, { kind: 'embedding', taskId });
    },
    async untilEntityReady({ provider, collectionId, entityId }) {
      await until(provider, `Entity ${entityId}`, { kind: 'entity', collectionId, entityId });
    },
    async untilIndexedAssetReady({ provider, indexId, indexedAssetId }) {
      await until(provider, `Indexed asset ${indexedAssetId}`, { kind: 'indexed-asset', indexId, indexedAssetId });
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
