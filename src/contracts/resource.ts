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
  tag: LifecycleTag;
  /** Narrows the search for the tag. */
  filename?: string;
  /** RFC 3339 start of the lifecycle; nothing of it can be older. */
  since: string;
}

export interface EntityResource {
  kind: 'entity';
  id?: string;
  collectionId: string;
  name: string;
  tag: LifecycleTag;
}

/** The asset's place in an entity that existed before. */
export interface EntityMembershipResource {
  kind: 'entity-membership';
  /** The entity's id. */
  id: string;
  collectionId: string;
  assetId: string;
}

export interface IndexedAssetResource {
  kind: 'indexed-asset';
  id?: string;
  indexId: string;
  assetId: string;
}

/** The stored embeddings of a lifecycle, in the result store. */
export interface ResultResource {
  kind: 'result';
  /** The name the result store was given; see `resultName`. */
  id: string;
}

/** Marks what a lifecycle made; kept in the provider's user metadata, so that it is also the ledger of orphans. */
export interface LifecycleTag {
  key: string;
  workflowId: string;
}

/** The tag as user metadata fields. */
export const TAG_KEY_FIELD = 'asset_lifecycle_key';
export const TAG_WORKFLOW_FIELD = 'asset_lifecycle_workflow';

export const tagFields = (tag: LifecycleTag): Record<string, string> => ({
  [TAG_KEY_FIELD]: tag.key,
  [TAG_WORKFLOW_FIELD]: tag.workflowId,
});

export const carriesTag = (metadata: Record<string, unknown> | undefined, tag: LifecycleTag): boolean =>
  metadata?.[TAG_KEY_FIELD] === tag.key;
