import { CLEANUP_POLICIES, type CleanupPolicy } from './cleanup-policy';

/**
 * Something a lifecycle may have made at the provider, registered before the call that makes it.
 * An id is absent while that call's outcome is not known; cleanup then looks for the lifecycle's tag.
 */
export type Resource =
  AssetResource | EntityResource | EntityMembershipResource | IndexedAssetResource | ResultResource;

export interface AssetResource {
  kind: 'asset';
  id?: string;
  /** It existed before the lifecycle, which removes it only by force. */
  adopted: boolean;
  /** Whatever else carries the tag ends as well; without it, only the id does. */
  tag?: LifecycleTag;
  /** Narrows the search for the tag. */
  filename?: string;
  /** RFC 3339 start of the lifecycle; the search for the tag goes back to it. */
  since?: string;
  /** It was reserved by an upload session that never took all its parts: there is nothing to keep. */
  session?: { id: string; expiresAt?: string };
}

export interface EntityResource {
  kind: 'entity';
  id?: string;
  collectionId: string;
  name: string;
  /** As with an asset. */
  tag?: LifecycleTag;
}

/** The asset's place in an entity that existed before. */
export interface EntityMembershipResource {
  kind: 'entity-membership';
  /** The entity's id. */
  id: string;
  collectionId: string;
  assetId: string;
  /** The asset was in the entity before. */
  adopted?: boolean;
}

export interface IndexedAssetResource {
  kind: 'indexed-asset';
  id?: string;
  indexId: string;
  assetId: string;
  /** As with an asset. */
  tag?: LifecycleTag;
  /** Somebody else had added the asset to the index before. */
  adopted?: boolean;
}

/** The stored embeddings of a lifecycle, in the result store. */
export interface ResultResource {
  kind: 'result';
  /** The name the result store was given; see `resultName`. */
  id: string;
}

/** The collection or index that a resource is in. */
export function parentOf(resource: Resource): { in?: string } {
  if ('collectionId' in resource) return { in: resource.collectionId };
  return 'indexId' in resource ? { in: resource.indexId } : {};
}

/** Whose something is, as the workflow knows it. */
export interface LifecycleTag {
  key: string;
  workflowId: string;
  /** What is to become of it when nobody is left to ask: the input's `cleanup.onCancel`. */
  onCancel: CleanupPolicy;
}

/**
 * Marks what a lifecycle made; kept in the provider's user metadata, so that it is also the ledger of orphans.
 * `owner` is the id of the Temporal namespace: others that share the account leave each other's objects alone.
 */
export interface LedgerTag extends LifecycleTag {
  owner: string;
}

/** Why a lifecycle let go of its asset: it has done its work, or was told to keep it. */
export type Release = 'completed' | 'kept';

/** The tag as user metadata fields. */
export const TAG_FIELDS = {
  key: 'asset_lifecycle_key',
  workflowId: 'asset_lifecycle_workflow',
  owner: 'asset_lifecycle_owner',
  onCancel: 'asset_lifecycle_on_cancel',
  released: 'asset_lifecycle_released',
} as const;

export const tagFields = ({ key, workflowId, owner, onCancel }: LedgerTag): Record<string, string> => ({
  [TAG_FIELDS.key]: key,
  [TAG_FIELDS.workflowId]: workflowId,
  [TAG_FIELDS.owner]: owner,
  [TAG_FIELDS.onCancel]: onCancel,
});

/** `null` takes the mark away again. */
export const releaseFields = (release: Release | null): Record<string, string | null> => ({
  [TAG_FIELDS.released]: release,
});

export const carriesTag = (
  metadata: Record<string, unknown> | undefined,
  { key, owner }: Pick<LedgerTag, 'key' | 'owner'>,
): boolean => metadata?.[TAG_FIELDS.key] === key && metadata[TAG_FIELDS.owner] === owner;

/** The tag in user metadata; `undefined` where there is none, or not a whole one. */
export function readTag(metadata: Record<string, unknown>): (LedgerTag & { released: boolean }) | undefined {
  const { [TAG_FIELDS.key]: key, [TAG_FIELDS.workflowId]: workflowId, [TAG_FIELDS.owner]: owner } = metadata;
  const onCancel = CLEANUP_POLICIES.find((policy) => policy === metadata[TAG_FIELDS.onCancel]);
  if (typeof key !== 'string' || typeof workflowId !== 'string' || typeof owner !== 'string' || !onCancel) {
    return undefined;
  }
  return { key, workflowId, owner, onCancel, released: TAG_FIELDS.released in metadata };
}
