export type MetadataValue = string | number | boolean | string[];
export type Metadata = Record<string, MetadataValue>;

export type MediaKind = 'video' | 'audio' | 'image';

/** What is kept of received bytes; the bytes themselves are not. */
export interface MediaFacts {
  sha256: string;
  sizeBytes: number;
  /** MIME type found by looking at the content; missing when nothing was recognised. */
  fileType?: string;
  kind?: MediaKind;
  durationSec?: number;
  width?: number;
  height?: number;
  fps?: number;
  hasAudio: boolean;
  /** The wire's `technical_metadata`. */
  technical: Record<string, unknown>;
  /** Why the content cannot be used. */
  problem?: string;
}

/** Work that ends by itself when the clock reaches `endsAt`; `null` while its bytes are still being fetched. */
export interface Progress {
  startedAt: number;
  endsAt: number | null;
  /** It ends as failed, with this message. */
  error?: string;
}

export interface AssetRecord {
  id: string;
  method: 'direct' | 'url' | 'multipart';
  filename: string;
  fileType?: string;
  url?: string;
  /** The session that it was reserved by. */
  uploadId?: string;
  createdAt: number;
  enableHls: boolean;
  enableThumbnail: boolean;
  userMetadata: Metadata;
  /** Key of its `MediaFacts`; missing until the bytes have arrived. */
  sha256?: string;
  progress: Progress;
}

/** An embedding that was asked for, with the defaults filled in. */
export interface EmbeddingPlan {
  inputType: 'video' | 'audio' | 'image';
  model: string;
  options: string[];
  scopes: string[];
  /** With `separate`, one embedding an option; with `fused`, one over all options. */
  separate: boolean;
  fused: boolean;
  clipSec: number;
  fixedClips: boolean;
  startSec?: number;
  endSec?: number;
  /** Of the vectors, and whether each says how sure it is; `marengo3.5` only. */
  dimension?: number;
  uncertainty?: boolean;
}

export interface EmbedTaskRecord {
  id: string;
  plan: EmbeddingPlan;
  createdAt: number;
  assetId?: string;
  filename?: string;
  url?: string;
  sha256?: string;
  progress: Progress;
}

export interface CollectionRecord {
  id: string;
  name: string;
  description?: string;
  createdAt: number;
  updatedAt: number;
}

export interface EntityRecord {
  id: string;
  collectionId: string;
  name: string;
  description?: string;
  metadata?: Metadata;
  assetIds: string[];
  createdAt: number;
  updatedAt: number;
  progress: Progress;
}

export interface IndexModel {
  model_name: string;
  model_options: string[];
}

export interface IndexRecord {
  id: string;
  name: string;
  models: IndexModel[];
  addons: string[];
  createdAt: number;
  updatedAt: number;
}

export interface IndexedAssetRecord {
  id: string;
  indexId: string;
  assetId: string;
  filename: string;
  sha256: string;
  enableVideoStream: boolean;
  userMetadata: Metadata;
  createdAt: number;
  updatedAt: number;
  progress: Progress;
}
