export type CustomMetadata = Record<string, string | number | boolean>;
export type AssetKind = 'Image' | 'Video';

/** Source: the SDK's closed set. The emulator causes the first seven; of the rest no source says what they mean. */
export const INGESTION_CODES = [
  'EALREADY',
  'EBADMIME',
  'EBADSIZE',
  'ECORRUPT',
  'ENOQUOTA',
  'ETIMEOUT',
  'EUNKNOWN',
  'EOLDMETA',
  'ERESNENT',
  'EPROJECT',
  'ENOASSET',
  'ESEQMETA',
] as const;
export type IngestionCode = (typeof INGESTION_CODES)[number];

export interface DatasetRecord {
  id: string;
  createdAt: number;
}

/** Bytes on disk: one file, or the parts of an upload in their order. */
export interface ContentRecord {
  id: string;
  sizeBytes: number;
  sha256: string;
  files: { name: string; sizeBytes: number }[];
}

export interface Picture {
  width: number;
  height: number;
  frames: number;
}

export interface AssetRecord {
  id: string;
  datasetId: string;
  filename: string;
  kind: AssetKind;
  mime: string;
  content: ContentRecord;
  picture: Picture;
  customMetadata: CustomMetadata;
  annotations: { total: number; withTag: Record<string, number> };
  /** The session that brought its contents. */
  sessionId: string;
  /** Counts all contents that came in, so that those of one millisecond have an order. */
  sequence: number;
  createdAt: number;
  updatedAt: number;
  contentsAt: number;
}

/** The bytes of a file are in, and were looked at. */
export interface Arrival {
  at: number;
  /** When it becomes an asset, or fails. */
  readyAt: number;
  content: ContentRecord;
  picture?: Picture;
  problem?: IngestionCode;
}

/** A file that a session is for. */
export interface SessionFile {
  filename: string;
  kind: AssetKind;
  mime: string;
  size: number;
  /** Signed 32 bits. */
  crc32c: number | null;
  customMetadata: CustomMetadata | null;
  /** No bytes may come from then on. */
  expiresAt: number;
  multipartId?: string;
  arrival?: Arrival;
  /** Once it has become an asset, or failed. */
  outcome?: { at: number; code?: IngestionCode; assetId?: string };
}

export interface SessionRecord {
  id: string;
  ingestionId: string;
  datasetId: string;
  failureMode: 'FailAfterOne' | 'FailAfterAll';
  keepsAnnotations: boolean;
  createdAt: number;
  files: SessionFile[];
  ended?: { at: number; reached: boolean; reason?: string; message?: string };
}

export interface MultipartPart {
  name: string;
  sizeBytes: number;
  etag: string;
  reported: boolean;
}

export interface MultipartRecord {
  id: string;
  sessionId: string;
  /** Of its file in the session. */
  fileIndex: number;
  partCount: number;
  createdAt: number;
  /** By number, from 1. */
  parts: Record<number, MultipartPart>;
  completedAt?: number;
  abortedAt?: number;
}

/** What a query of many assets may say; all of it as it was sent. */
export interface AssetQuery {
  filter?: string;
  metadataQuery?: string;
}

export interface DeletionRecord {
  id: string;
  datasetId: string;
  query: AssetQuery;
  createdAt: number;
  endsAt: number;
  /** Of what is left to delete. */
  assetIds: string[];
}
