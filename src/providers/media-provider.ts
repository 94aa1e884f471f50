import type { EmbedBranch } from '../contracts/branch';
import type { ProviderName } from '../contracts/ids';
import type { Metadata } from '../contracts/lifecycle-input';
import type { AssetSnapshot } from '../contracts/lifecycle-status';
import type { LedgerTag } from '../contracts/resource';
import type { UploadSessions } from './upload-sessions';
import type { SourceFile } from '../storage/files/source-file';

/** Options of every call that reaches the provider. */
export interface CallOptions {
  /** Aborts the call; what it may have done by then is the caller's to find out. */
  signal?: AbortSignal;
}

/**
 * A write was aborted before it had gone out in full, so it had no effect. A write that had gone out is never thrown
 * away: the adapter waits for its answer, also when the signal aborts, because only then is the effect known.
 */
export class SubmissionAborted extends Error {
  override readonly name = 'SubmissionAborted';
}

/** One media object to hand to the provider. */
export interface Submission {
  source: { type: 'file'; file: SourceFile } | { type: 'url'; url: string };
  /** Name at the provider. */
  filename: string;
  metadata: Metadata;
  enableHls: boolean;
  enableThumbnail: boolean;
  tag: LedgerTag;
}

export interface SubmitOptions extends CallOptions {
  /** Called as the bytes of file sources go out; `sentBytes` is the sum over the submissions. */
  onProgress?: (sentBytes: number) => void;
}

/** An asset with the provider's user metadata, for those who must look for a tag. */
export interface ProviderAsset extends AssetSnapshot {
  metadata: Record<string, unknown>;
  /** The provider's own words when `status` is `failed`. */
  errorMessage?: string;
}

export interface AssetQuery {
  /** 1-based. */
  page?: number;
  /** 1 to 50. */
  pageSize?: number;
  ids?: readonly string[];
  types?: readonly ('image' | 'video' | 'audio')[];
  /** Case-insensitive part of the filename. */
  filename?: string;
}

export interface AssetPage {
  /** Newest first. */
  items: ProviderAsset[];
  page: number;
  totalPages: number;
  totalItems: number;
}

/** Something at the provider that is being worked on. */
export type WatchTarget =
  | { kind: 'asset'; assetId: string }
  | { kind: 'embedding'; taskId: string }
  | { kind: 'entity'; collectionId: string; entityId: string }
  | { kind: 'indexed-asset'; indexId: string; indexedAssetId: string };

/** What the provider said of a target in one round. `gone` only after it was asked for by its own id. */
export interface Observation<T extends WatchTarget = WatchTarget> {
  target: T;
  state: 'working' | 'ready' | 'failed' | 'gone';
  /** The provider's own words, when it gave any. */
  message?: string;
  /** For assets that were found. */
  asset?: ProviderAsset;
}

/** Targets whose state could not be read in one round, and why. Others of the round are not affected. */
export interface ObservationTrouble {
  targets: readonly WatchTarget[];
  error: unknown;
}

export interface ObserveOptions extends CallOptions {
  /** Awaited before each request, so that whoever watches decides the rate. */
  pace: () => Promise<void>;
}

/** An asset to embed, with what tells its kind. */
export interface EmbeddableAsset {
  assetId: string;
  /** MIME type. */
  fileType?: string;
  filename?: string;
}

export interface EmbeddingSegment {
  embedding: number[];
  embedding_option?: string | null;
  embedding_scope?: string | null;
  start_sec?: number | null;
  end_sec?: number | null;
}

/** What refers to an asset and blocks its deletion. */
export interface AssetReference {
  indexId: string;
  indexName?: string;
  indexedAssetId: string;
}

/** An entity that an asset is part of. */
export interface EntityOfAsset {
  /** Absent where the provider does not say it. */
  collectionId?: string;
  entityId: string;
  name: string;
  metadata: Record<string, unknown>;
}

/**
 * A media API. Adapters make single attempts: they never retry, they map every answer to one failure of
 * `contracts/failures.ts`, and a failure after which the effect is not known is `OutcomeUnknown`.
 */
export interface MediaProvider {
  readonly name: ProviderName;

  /** Most bytes of one file that can be submitted, by the kind of file. */
  maxFileBytes(filename: string): { limitBytes: number; why: string };
  /** Most bytes of one file that can be uploaded in parts; 0 when its kind cannot, and `why` says which can. */
  maxMultipartBytes(filename: string): { limitBytes: number; why: string };
  /** Most bytes of what the provider fetches itself from a URL. */
  maxUrlBytes(filename: string): { limitBytes: number; why: string };

  /**
   * Submits one or many sources; the answers are in the same order. Never looks for earlier ones.
   * @throws OutcomeUnknown when the request went out in full and no answer came.
   */
  submit(submissions: readonly Submission[], options?: SubmitOptions): Promise<ProviderAsset[]>;

  /** Uploads in parts. */
  readonly uploads: UploadSessions;

  listAssets(query: AssetQuery, options?: CallOptions): Promise<AssetPage>;
  /** @throws ResourceGone */
  getAsset(assetId: string, options?: CallOptions): Promise<ProviderAsset>;
  /** @throws ResourceGone · BlockedByReferences, unless `force` */
  deleteAsset(assetId: string, options: CallOptions & { force: boolean }): Promise<void>;
  /** Sets fields of the asset's user metadata, takes away those that are null, leaves the others. @throws ResourceGone */
  annotateAsset(assetId: string, fields: Record<string, string | null>, options?: CallOptions): Promise<void>;
  /** Every entity that the asset is part of. */
  listEntitiesOf(assetId: string, options?: CallOptions): Promise<EntityOfAsset[]>;
  /** Every index entry of the asset. */
  listReferences(assetId: string, options?: CallOptions): Promise<AssetReference[]>;

  /**
   * Asks for the state of many targets in as few requests as the API allows; yields as answers come. A request that
   * failed is yielded as the trouble of the targets it was for, and the others are asked for all the same.
   */
  observe(targets: readonly WatchTarget[], options: ObserveOptions): AsyncIterable<Observation | ObservationTrouble>;

  createEmbedding(asset: EmbeddableAsset, branch: EmbedBranch, options?: CallOptions): Promise<{ taskId: string }>;
  /** For assets whose embedding is the answer itself. Makes nothing at the provider, so it is safe to repeat. */
  embedAtOnce(asset: EmbeddableAsset, branch: EmbedBranch, options?: CallOptions): Promise<EmbeddingSegment[]>;
  readEmbedding(taskId: string, options?: CallOptions): Promise<EmbeddingSegment[]>;

  createEntity(
    entity: { collectionId: string; name: string; description?: string; assetId: string; tag: LedgerTag },
    options?: CallOptions,
  ): Promise<{ entityId: string }>;
  /** Ids of the entities of that name in the collection that carry the tag, oldest first. */
  findEntities(query: { collectionId: string; name: string; tag: LedgerTag }, options?: CallOptions): Promise<string[]>;
  /** Ids of all assets that the entity is made of. @throws ResourceGone */
  assetsOfEntity(entity: { collectionId: string; entityId: string }, options?: CallOptions): Promise<string[]>;
  /** Adding an asset that is there already changes nothing. */
  addToEntity(
    entity: { collectionId: string; entityId: string; assetId: string },
    options?: CallOptions,
  ): Promise<void>;
  removeFromEntity(
    entity: { collectionId: string; entityId: string; assetId: string },
    options?: CallOptions,
  ): Promise<void>;
  deleteEntity(entity: { collectionId: string; entityId: string }, options?: CallOptions): Promise<void>;

  createIndexedAsset(
    entry: { indexId: string; assetId: string; enableVideoStream: boolean; tag: LedgerTag },
    options?: CallOptions,
  ): Promise<{ indexedAssetId: string }>;
  /** User metadata of an index entry. @throws ResourceGone */
  readIndexedAsset(
    entry: { indexId: string; indexedAssetId: string },
    options?: CallOptions,
  ): Promise<Record<string, unknown>>;
  deleteIndexedAsset(entry: { indexId: string; indexedAssetId: string }, options?: CallOptions): Promise<void>;
}
