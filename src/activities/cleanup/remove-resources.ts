import { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../contracts/activities';
import { failure, FAILURES, failureType, withDetails } from '../../contracts/failures';
import type { CleanupPolicy } from '../../contracts/cleanup-policy';
import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import { entryOf, keptBecause, leftover } from '../../contracts/ledger/receipt-entry';
import {
  carriesTag,
  isAdoptedByAnother,
  readTag,
  type AssetResource,
  type EntityMembershipResource,
  type Resource,
  type ResultResource,
} from '../../contracts/resource';
import type { MediaProvider } from '../../providers/media-provider';
import { withHeartbeat } from '../lib/activity-call';
import { accountOf, ledgerTag, type ActivityDependencies } from '../dependencies';
import { deleteAsset, DELETED, removeSurplus } from './delete-asset';
import { endResult } from './end-result';
import { indexEntries } from '../ownership/index-entries';
import { keptUnmarked, setMark } from '../ownership/release-asset';
import { findTagged } from '../../providers/shared/find-tagged';
import { unlessGone } from '../lib/unless-gone';
import { untilFound } from '../lib/until-found';

/** How resources are to end. */
export interface Removal {
  provider: MediaProvider;
  deps: ActivityDependencies;
  policy: CleanupPolicy;
  unlessOpen?: string;
  /** Ids of the lifecycle's assets, as far as they are known. */
  own: ReadonlySet<string>;
  /** Ids of entities and entries that this removal has ended. */
  ended: Set<string>;
  signal: AbortSignal;
}

/**
 * See {@link Activities.removeResources}. A final failure leaves over what it is about, and the next has its turn; but
 * the asset of an entity that is left over stays, as nothing else leads a sweep there. (An index entry holds its asset
 * by itself, and goes with it by force.)
 */
export const createRemoveResources =
  (deps: ActivityDependencies): Activities['removeResources'] =>
  ({ provider: name, resources, policy, unlessOpen }) =>
    withHeartbeat(async (signal) => {
      const { provider } = accountOf(deps, name);
      const own = new Set(resources.flatMap(({ kind, id }) => (kind === 'asset' && id !== undefined ? [id] : [])));
      const removal: Removal = { provider, deps, policy, unlessOpen, own, ended: new Set(), signal };
      const done: ReceiptEntry[] = [];
      for (const resource of resources) {
        const unfinished = done.find((entry) => entry.resource === 'entity' && entry.result === 'leftover');
        if (unfinished?.errorType && resource.kind === 'asset' && policy !== 'keep') {
          const message = `stays, since a sweep finds by it what else is left over: ${unfinished.because}`;
          done.push(leftover(resource, { type: unfinished.errorType, message }));
          continue;
        }
        try {
          done.push(...(await endAll(resource, removal)));
        } catch (error) {
          const type = failureType(error);
          if (type === undefined || !(error instanceof ApplicationFailure)) throw error;
          if (FAILURES[type].retry) throw withDetails(error, { done });
          done.push(leftover(resource, { type, message: error.message }));
        }
      }
      return done;
    });

export const createRemoveResource =
  (deps: ActivityDependencies): Activities['removeResource'] =>
  ({ provider: name, resource, policy, unlessOpen }) =>
    withHeartbeat((signal) => {
      const { provider } = accountOf(deps, name);
      return endAll(resource, { provider, deps, policy, unlessOpen, own: new Set(), ended: new Set(), signal });
    });

/**
 * Ends a resource as the policy says and tells what became of it. One without an id is looked for first, until a late
 * commit can no longer come; the answer is empty when there never was one. Where the provider holds more of the kind
 * with the lifecycle's tag, all of it ends; of assets to keep, one is kept. Safe to repeat: gone is deleted.
 */
async function endAll(resource: Resource, removal: Removal): Promise<ReceiptEntry[]> {
  const { policy, provider, signal } = removal;
  if (resource.kind === 'result') return endResult(resource, removal);
  if (resource.kind === 'asset' && resource.session && policy === 'keep') {
    return endAll(resource, { ...removal, policy: 'delete' }); // its bytes never were all there
  }
  const reason = keptBecause(resource, policy);
  if (reason && resource.id && resource.kind !== 'asset') return [entryOf(resource, 'kept', reason)];
  if (reason && 'adopted' in resource && resource.adopted) return [entryOf(resource, 'kept', reason)];
  const ids = await idsOf(resource, removal);
  if (ids.length > 0 && (await leftToOthers(removal))) {
    return ids.map((id) => entryOf({ ...resource, id }, 'kept', 'a lifecycle of this key is open and owns it'));
  }
  const entries: ReceiptEntry[] = [];
  const surplus = policy === 'keep' && resource.kind === 'asset' ? ids.splice(1) : [];
  for (const id of ids) entries.push(await endOne({ ...resource, id }, removal));
  if (resource.kind === 'asset') {
    const { deps } = removal;
    const workflowId = removal.unlessOpen ?? resource.tag?.workflowId;
    entries.push(...(await removeSurplus({ deps, provider, workflowId, signal }, surplus)));
  }
  if (resource.kind === 'asset' && resource.session) entries.unshift(endOfSession(resource.session));
  return entries;
}

/** The known one and whatever else carries the tag. */
async function idsOf(resource: Resource, { provider, deps, signal }: Removal): Promise<string[]> {
  const { id } = resource;
  if (id !== undefined) return [...new Set([id, ...(await taggedIds(resource, provider, deps, signal))])];
  const look = async (): Promise<string[] | undefined> => {
    const ids = await taggedIds(resource, provider, deps, signal);
    return ids.length > 0 ? ids : undefined;
  };
  return (await untilFound(look, { until: Date.now() + deps.settleWindowMs, signal })) ?? [];
}

async function taggedIds(
  resource: Resource,
  provider: MediaProvider,
  deps: ActivityDependencies,
  signal: AbortSignal,
): Promise<string[]> {
  if (!('tag' in resource) || !resource.tag) return [];
  const tag = ledgerTag(deps, resource.tag);
  switch (resource.kind) {
    case 'asset': {
      const { filename, since, earlierId } = resource;
      const found = (await findTagged(provider, { tag, filename, since }, signal)).map(({ id }) => id);
      if (earlierId === undefined || found.includes(earlierId)) return found;
      const earlier = await unlessGone(provider.getAsset(earlierId, { signal })); // may have another filename
      const isOwn = earlier && carriesTag(earlier.metadata, tag) && readTag(earlier.metadata)?.runId === tag.runId;
      return isOwn ? [...found, earlierId] : found;
    }
    case 'entity':
      return (await unlessGone(provider.findEntities({ ...resource, tag }, { signal }))) ?? [];
    case 'indexed-asset': {
      const { own } = await indexEntries(provider, { ...resource, tag }, signal);
      return own.map(({ indexedAssetId }) => indexedAssetId);
    }
  }
}

type Known<R extends Resource> = R & { id: string };
/** What the provider removes in one call. */
type Removable = Exclude<Resource, AssetResource | ResultResource>;

/** The provider has no call that ends a session: without its asset it leads nowhere. */
function endOfSession({ id, expiresAt }: NonNullable<AssetResource['session']>): ReceiptEntry {
  const because = `ends with the asset it reserved${expiresAt ? `, or at ${expiresAt} at the latest` : ''}`;
  return { resource: 'upload-session', id, result: 'deleted', because, at: new Date().toISOString() };
}

async function leftToOthers({ unlessOpen, deps }: Removal): Promise<boolean> {
  return unlessOpen !== undefined && (await deps.runs.find(unlessOpen))?.open === true;
}

async function endOne(resource: Known<AssetResource | Removable>, removal: Removal): Promise<ReceiptEntry> {
  const reason = keptBecause(resource, removal.policy);
  if (!reason) return removeOne(resource, removal);
  return resource.kind === 'asset' ? keepAsset(resource, reason, removal) : entryOf(resource, 'kept', reason);
}

/** Marks what is kept on purpose, so that no sweep takes it for an orphan; an adopter's mark stays. */
async function keepAsset(
  resource: Known<AssetResource>,
  reason: string,
  { provider, signal }: Removal,
): Promise<ReceiptEntry> {
  const asset = await unlessGone(provider.getAsset(resource.id, { signal }));
  if (!asset) return entryOf(resource, 'deleted', 'the provider does not know it (any more)');
  const tag = readTag(asset.metadata);
  if (tag && isAdoptedByAnother(tag)) return entryOf(resource, 'kept', `${reason}; another lifecycle has adopted it`);
  const runId = resource.tag?.runId ?? tag?.runId;
  const refused = await setMark(provider, resource.id, { as: 'kept', runId }, signal);
  return refused ? keptUnmarked(resource.id, reason, refused) : entryOf(resource, 'kept', reason);
}

/** Removes one that the policy does not keep, unless others use it; tells what became of it. */
export async function removeOne(resource: Known<AssetResource | Removable>, removal: Removal): Promise<ReceiptEntry> {
  try {
    if (resource.kind === 'asset') return await removeAsset(resource, removal);
    if (resource.kind === 'entity-membership' && !(await isOurs(resource, removal))) {
      return entryOf(resource, 'kept', 'nothing shows that this lifecycle has added the asset to the entity');
    }
    const others = await othersIn(resource, removal);
    if (others.length > 0) {
      return { ...entryOf(resource, 'kept', 'others have added assets to it'), referrers: others };
    }
    return entryOf(resource, 'deleted', await remove(resource, removal));
  } catch (error) {
    const type = failureType(error);
    if (type === 'ResourceGone') {
      removal.ended.add(resource.id); // as an earlier attempt may have left it
      return entryOf(resource, 'deleted', 'the provider does not know it (any more)');
    }
    if (type === 'ProviderRejected' && resource.kind === 'entity-membership') {
      return entryOf(resource, 'kept', `the provider refused: ${(error as Error).message}`); // an entity's last asset stays
    }
    throw error;
  }
}

/** A lifecycle notes on its own asset which entity it is about to join; an adopted asset carries no note. */
async function isOurs(
  { id, assetId, unproven }: Known<EntityMembershipResource>,
  { provider, policy, signal }: Removal,
): Promise<boolean> {
  if (!unproven || policy === 'force-delete') return true;
  const asset = await unlessGone(provider.getAsset(assetId, { signal }));
  return asset !== undefined && readTag(asset.metadata)?.joined?.entityId === id;
}

async function removeAsset(resource: Known<AssetResource>, removal: Removal): Promise<ReceiptEntry> {
  const { id, tag, claim } = resource;
  const { deps, provider, policy, unlessOpen, ended, signal } = removal;
  const ending = await deleteAsset(id, {
    deps,
    provider,
    workflowId: unlessOpen ?? tag?.workflowId,
    closed: unlessOpen !== undefined,
    force: policy === 'force-delete',
    claim,
    ended,
    signal,
  });
  if (ending.result === 'deleted') await confirmGone(resource, provider, signal);
  const because = ending.because === DELETED ? 'deleted, and then not found' : ending.because;
  return { ...entryOf(resource, ending.result, because), referrers: ending.referrers };
}

/** Assets of others in an entity that the lifecycle made; they would lose it. Not asked for under force. */
async function othersIn(resource: Known<Resource>, { provider, policy, own, signal }: Removal): Promise<string[]> {
  if (resource.kind !== 'entity' || policy === 'force-delete') return [];
  const { collectionId, id: entityId, assetId } = resource;
  const assets = await provider.assetsOfEntity({ collectionId, entityId }, { signal });
  const others = assets.filter((one) => one !== assetId && !own.has(one));
  const mayBeOwn = assetId === undefined && own.size === 0 && assets.length === 1; // nobody told which is its own
  return mayBeOwn ? [] : others.map((one) => `asset ${one}`);
}

/** Removes it and says how that is known. */
async function remove(resource: Known<Removable>, removal: Removal): Promise<string> {
  const { provider, signal } = removal;
  switch (resource.kind) {
    case 'entity':
      await provider.deleteEntity({ ...resource, entityId: resource.id }, { signal });
      break;
    case 'entity-membership':
      await provider.removeFromEntity({ ...resource, entityId: resource.id }, { signal });
      break;
    case 'indexed-asset':
      await provider.deleteIndexedAsset({ ...resource, indexedAssetId: resource.id }, { signal });
      break;
  }
  removal.ended.add(resource.id);
  return 'the provider deleted it';
}

/** Proof of a deletion. Still there means that the provider is slow to delete: the attempt is repeated. */
async function confirmGone({ id }: { id: string }, provider: MediaProvider, signal: AbortSignal): Promise<void> {
  if ((await unlessGone(provider.getAsset(id, { signal }))) === undefined) return;
  throw failure('ProviderUnavailable', `Asset ${id} was deleted, but the provider still shows it; looking again`);
}
