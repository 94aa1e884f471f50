import type { Activities } from '../contracts/activities';
import { failure, failureType } from '../contracts/failures';
import type { CleanupPolicy } from '../contracts/cleanup-policy';
import type { ReceiptEntry } from '../contracts/lifecycle-status';
import type { AssetResource, IndexedAssetResource, Resource } from '../contracts/resource';
import type { MediaProvider } from '../providers/media-provider';
import { calling } from './activity-call';
import { accountOf, type ActivityDependencies } from './dependencies';
import { findTagged } from './tagged-assets';
import { untilFound } from './until-found';

interface Removal {
  provider: MediaProvider;
  deps: ActivityDependencies;
  policy: CleanupPolicy;
  signal: AbortSignal;
}

/**
 * Ends one resource as the policy says and tells what became of it. A resource without an id is looked for first,
 * until a late commit can no longer come; the answer is empty when there never was one. Safe to repeat: gone is deleted.
 */
export const createRemoveResource =
  (deps: ActivityDependencies): Activities['removeResource'] =>
  ({ provider: name, resource, policy }) =>
    calling(async (signal) => {
      const removal: Removal = { provider: accountOf(deps, name).provider, deps, policy, signal };
      const ids = resource.id === undefined ? await lookFor(resource, removal) : [resource.id];
      const entries: ReceiptEntry[] = [];
      for (const id of ids) entries.push(await removeOne({ ...resource, id }, removal));
      return entries;
    });

/** Ids of what was made though nobody heard of it. */
async function lookFor(resource: Resource, { provider, deps, signal }: Removal): Promise<string[]> {
  const look = async (): Promise<string[] | undefined> => {
    const ids = await idsOf(resource, provider, signal);
    return ids.length > 0 ? ids : undefined;
  };
  return (await untilFound(look, { until: Date.now() + deps.settleWindowMs, signal })) ?? [];
}

async function idsOf(resource: Resource, provider: MediaProvider, signal: AbortSignal): Promise<string[]> {
  switch (resource.kind) {
    case 'asset':
      return (await findTagged(provider, resource, signal)).map(({ id }) => id);
    case 'entity': {
      const found = await provider.findEntity(resource, { signal });
      return found ? [found.entityId] : [];
    }
    case 'indexed-asset':
      return indexEntries(provider, resource, signal);
    default:
      return [];
  }
}

async function indexEntries(provider: MediaProvider, { assetId, indexId }: IndexedAssetResource, signal: AbortSignal) {
  const references = await provider.listReferences(assetId, { signal });
  return references.filter((reference) => reference.indexId === indexId).map((reference) => reference.indexedAssetId);
}

type Known<R extends Resource> = R & { id: string };

async function removeOne(resource: Known<Resource>, removal: Removal): Promise<ReceiptEntry> {
  const entry = (result: 'deleted' | 'kept', because: string, referrers?: string[]): ReceiptEntry => ({
    resource: resource.kind,
    id: resource.id,
    result,
    because,
    ...(referrers ? { referrers } : {}),
    at: new Date().toISOString(),
  });
  if (removal.policy === 'keep') return entry('kept', 'the cleanup policy is "keep"');
  const { provider, deps, signal } = removal;
  try {
    switch (resource.kind) {
      case 'asset':
        await provider.deleteAsset(resource.id, { force: removal.policy === 'force-delete', signal });
        await confirmGone(resource, removal);
        break;
      case 'entity':
        await provider.deleteEntity({ ...resource, entityId: resource.id }, { signal });
        break;
      case 'entity-membership':
        await provider.removeFromEntity({ ...resource, entityId: resource.id }, { signal });
        break;
      case 'indexed-asset':
        await provider.deleteIndexedAsset({ ...resource, indexedAssetId: resource.id }, { signal });
        break;
      case 'result':
        await deps.results.remove(resource.id);
        return entry('deleted', 'the stored file is removed');
    }
    return entry('deleted', resource.kind === 'asset' ? 'deleted, and then not found' : 'the provider deleted it');
  } catch (error) {
    const type = failureType(error);
    if (type === 'ResourceGone') return entry('deleted', 'the provider does not know it (any more)');
    if (type === 'BlockedByReferences') {
      const referrers = await referrersOf(resource as Known<AssetResource>, removal);
      return entry('kept', `the provider refused: ${(error as Error).message}`, referrers);
    }
    if (type === 'ProviderRejected' && resource.kind === 'entity-membership') {
      return entry('kept', `the provider refused: ${(error as Error).message}`); // an entity's last asset stays
    }
    throw error;
  }
}

/** Proof of a deletion. Still there means that the provider is slow to delete: the attempt is repeated. */
async function confirmGone({ id }: { id: string }, { provider, signal }: Removal): Promise<void> {
  try {
    await provider.getAsset(id, { signal });
  } catch (error) {
    if (failureType(error) === 'ResourceGone') return;
    throw error;
  }
  throw failure('ProviderUnavailable', `Asset ${id} was deleted, but the provider still shows it; looking again`);
}

async function referrersOf({ id }: { id: string }, { provider, signal }: Removal): Promise<string[]> {
  const references = await provider.listReferences(id, { signal });
  return references.map(({ indexId, indexedAssetId }) => `indexed asset ${indexedAssetId} in index ${indexId}`);
}
