import type { MediaKind } from './records';

/** A part that the store has received completely. */
export interface PartRecord {
  sizeBytes: number;
  /** Without its quotes. */
  etag: string;
  /** Of its bytes; only where these are not kept. */
  sha256?: string;
  /** Name of the part's file in the upload's folder; absent when bytes are only hashed. */
  file?: string;
  receivedAt: number;
  /** Missing until the client has reported it. */
  reportedAt?: number;
}

/** A multipart upload session. Its status is read off the clock and the two ends at the bottom. */
export interface UploadRecord {
  id: string;
  assetId: string;
  filename: string;
  type: MediaKind;
  totalSize: number;
  chunkSize: number;
  totalChunks: number;
  /** `hash` keeps digests in place of the bytes. */
  partBytes: 'disk' | 'hash';
  /** Signs the URLs of its parts. */
  secret: string;
  createdAt: number;
  updatedAt: number;
  expiresAt: number;
  /** By chunk index, from 1. */
  parts: Record<number, PartRecord>;
  /** Nonces of the URLs that a part came in by. */
  usedUrls: string[];
  /** All parts were reported. */
  completedAt?: number;
  failure?: { at: number; message: string };
}
