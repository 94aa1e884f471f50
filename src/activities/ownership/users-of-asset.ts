import { log } from '@temporalio/activity';
import type { MediaProvider } from '../../providers/media-provider';
import type { ActivityDependencies } from '../dependencies';
import type { LifecycleRun } from '../sweep/lifecycle-runs';
import { unlessGone } from '../lib/unless-gone';

/**
 * Open lifecycles that have the asset, beside the one of `workflowId`. Where visibility refuses to tell, none: an
 * adopter's mark on the asset protects it as well.
 */
export async function openLifecyclesWith(
  { runs }: ActivityDependencies,
  assetId: string,
  workflowId: string | undefined,
): Promise<LifecycleRun[]> {
  try {
    return (await runs.openWith(assetId)).filter((run) => run.workflowId !== workflowId);
  } catch (error) {
    log.warn('visibility does not tell which lifecycles have the asset', { assetId, error: (error as Error).message });
    return [];
  }
}

/** Entities that hold the asset, in words for a receipt, without those that have ended just now. */
export async function entitiesWith(
  provider: MediaProvider,
  assetId: string,
  { ended, signal }: { ended: ReadonlySet<string>; signal: AbortSignal },
): Promise<string[]> {
  const entities = (await unlessGone(provider.listEntitiesOf(assetId, { signal }))) ?? [];
  return entities
    .filter(({ entityId }) => !ended.has(entityId))
    .map(({ entityId, collectionId }) => `entity ${entityId}${collectionId ? ` in collection ${collectionId}` : ''}`);
}

/** Index entries of the asset, in words for a receipt. */
export async function indexEntriesWith(
  provider: MediaProvider,
  assetId: string,
  signal: AbortSignal,
): Promise<string[]> {
  const references = (await unlessGone(provider.listReferences(assetId, { signal }))) ?? [];
  return references.map(({ indexId, indexedAssetId }) => `indexed asset ${indexedAssetId} in index ${indexId}`);
}
