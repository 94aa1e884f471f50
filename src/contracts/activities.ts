import type { EmbedBranch, EntityBranch, IndexBranch } from './branch';
import type { ProviderName } from './ids';
import type { CleanupPolicy } from './cleanup-policy';
import type { AcceptedInput, Metadata } from './lifecycle-input';
import type { AssetSnapshot, EmbeddingResult, ReceiptEntry } from './lifecycle-status';
import type { LifecycleTag, Resource } from './resource';
import type { Source } from './source';

export interface SubmitSourceInput {
  provider: ProviderName;
  source: Source;
  filename?: string;
  metadata: Metadata;
  enableHls: boolean;
  enableThumbnail: boolean;
  tag: LifecycleTag;
  /** RFC 3339 start of the lifecycle. */
  since: string;
}

export interface AssetRef {
  provider: ProviderName;
  assetId: string;
}

export interface EnsureEmbeddingInput extends AssetRef {
  /** MIME type, which decides the embed task's input type. */
  fileType?: string;
  filename?: string;
  branch: EmbedBranch;
}

export interface EmbeddingRef {
  provider: ProviderName;
  taskId: string;
}

export interface StoreEmbeddingInput extends EmbeddingRef {
  /** Name in the result store; the same on every attempt. */
  resultName: string;
}

export interface EnsureEntityInput extends AssetRef {
  branch: EntityBranch;
  name: string;
  tag: LifecycleTag;
}

export interface EntityRef {
  provider: ProviderName;
  collectionId: string;
  entityId: string;
}

export interface EnsureIndexedAssetInput extends AssetRef {
  branch: IndexBranch;
}

export interface IndexedAssetRef {
  provider: ProviderName;
  indexId: string;
  indexedAssetId: string;
}

export interface RemoveResourceInput {
  provider: ProviderName;
  resource: Resource;
  policy: CleanupPolicy;
}

/** Every step of a lifecycle that touches the world. Each is safe to repeat. */
export interface Activities {
  /** Finds the asset that carries the tag, or makes it, or looks up the asset to adopt. */
  submitSource(input: SubmitSourceInput): Promise<AssetSnapshot>;
  /** Holds until the provider says the asset is ready. */
  untilAssetReady(input: AssetRef): Promise<AssetSnapshot>;
  /** Starts an embed task over the asset. */
  ensureEmbedding(input: EnsureEmbeddingInput): Promise<{ taskId: string }>;
  /** Holds until the embed task is ready. */
  untilEmbeddingReady(input: EmbeddingRef): Promise<void>;
  /** Copies the embed task's segments to the result store. */
  storeEmbedding(input: StoreEmbeddingInput): Promise<EmbeddingResult>;
  /** Makes an entity from the asset, or adds the asset to an existing entity. */
  ensureEntity(input: EnsureEntityInput): Promise<{ entityId: string }>;
  /** Holds until the entity is ready. */
  untilEntityReady(input: EntityRef): Promise<void>;
  /** Adds the asset to an index, once. */
  ensureIndexedAsset(input: EnsureIndexedAssetInput): Promise<{ indexedAssetId: string }>;
  /** Holds until the indexed asset is ready. */
  untilIndexedAssetReady(input: IndexedAssetRef): Promise<void>;
  /** Deletes one resource, or keeps it as the policy says; tells what it did. */
  removeResource(input: RemoveResourceInput): Promise<ReceiptEntry[]>;
}

/** Steps that run in the workflow's own worker and touch nothing. */
export interface LocalActivities {
  /**
   * Checks the input and fills in the defaults. Here and not in the workflow, because the schemas would cost every
   * cached run more than a megabyte.
   * @throws InvalidRequest
   */
  acceptInput(input: unknown): Promise<AcceptedInput>;
}
