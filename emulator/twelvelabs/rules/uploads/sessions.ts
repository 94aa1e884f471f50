import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { AssetRecord } from '../../store/records';
import type { UploadRecord } from '../../store/upload-records';
import type { Emulation } from '../emulation';
import { invalid, parse } from '../errors';
import { kindOfType, promisedType } from '../media/file-types';
import { LIMITS, tooLarge } from '../media/limits';
import { metadataObject, replaced } from '../user-metadata';
import { partUrls } from './part-urls';
import { chunkSizeFor } from './settings';
import { EXPIRED, findUpload, refuseEnded, statusOf } from './status';

const CreateSchema = z.object({
  filename: z.string().min(1).max(255),
  type: z.enum(['video', 'audio', 'image']),
  total_size: z.number().int().min(1),
  enable_hls: z.boolean().default(false),
  enable_thumbnail: z.boolean().default(false),
  user_metadata: z.unknown().optional(),
});
const UrlsSchema = z.object({ start: z.number().int().min(1), count: z.number().int().min(1).max(50) });

/**
 * Opens a session and reserves its asset, which is there at once and waits for the parts.
 * Source: `POST /assets/multipart-uploads`.
 */
export function createUpload(emulation: Emulation, body: unknown): UploadRecord {
  const fields = parse(CreateSchema, body);
  const { filename, type, total_size: totalSize } = fields;
  const limitBytes = type === 'image' ? LIMITS.imageBytes : LIMITS.multipartBytes;
  if (totalSize > limitBytes) throw tooLarge(type, limitBytes);
  const { store, clock, settings } = emulation;
  const { chunkBytes, sessionLifeMs, partBytes } = settings.uploads;
  const chunkSize = chunkBytes ?? chunkSizeFor(totalSize);
  const now = clock.now();
  const upload: UploadRecord = {
    id: store.newId(),
    assetId: store.newId(),
    filename,
    type,
    totalSize,
    chunkSize,
    totalChunks: Math.ceil(totalSize / chunkSize),
    partBytes,
    secret: randomBytes(16).toString('hex'),
    createdAt: now,
    updatedAt: now,
    expiresAt: now + sessionLifeMs,
    parts: {},
    usedUrls: [],
  };
  const asset: AssetRecord = {
    id: upload.assetId,
    method: 'multipart',
    filename,
    ...typeOf(upload),
    uploadId: upload.id,
    createdAt: now,
    enableHls: fields.enable_hls,
    enableThumbnail: fields.enable_thumbnail,
    userMetadata: fields.user_metadata === undefined ? {} : replaced(metadataObject(fields.user_metadata)),
    progress: { startedAt: now, endsAt: upload.expiresAt, error: EXPIRED }, // unless the session completes
  };
  store.uploads.set(upload.id, upload);
  store.assets.set(asset.id, asset);
  discardExpired(emulation);
  return upload;
}

/** No timer runs when a session expires, so its parts are removed when the next session opens. */
function discardExpired({ store, clock, parts }: Emulation): void {
  for (const upload of store.uploads.values()) {
    if (statusOf(upload, clock.now()) !== 'expired' || Object.keys(upload.parts).length === 0) continue;
    upload.parts = {};
    parts.discard(upload.id);
  }
}

function typeOf({ filename, type }: UploadRecord): { fileType?: string } {
  const promised = promisedType(filename);
  return promised !== undefined && kindOfType(promised) === type ? { fileType: promised } : {};
}

/** The answer to a create; it covers only the first chunks. */
export function createdUpload(emulation: Emulation, upload: UploadRecord, hostname: string) {
  const count = Math.min(emulation.settings.uploads.firstUrls, upload.totalChunks);
  return {
    upload_id: upload.id,
    asset_id: upload.assetId,
    upload_urls: partUrls(emulation, upload, { start: 1, count }, hostname),
    upload_headers: { 'Content-Type': 'application/octet-stream' },
    chunk_size: upload.chunkSize,
    total_chunks: upload.totalChunks,
    expires_at: emulation.clock.iso(upload.expiresAt),
  };
}

/**
 * @throws ApiError 400 for a range that reaches past the last chunk, and for a session that has ended.
 * Source: `get-additional-presigned-urls`.
 */
export function furtherUrls(emulation: Emulation, id: string, body: unknown, hostname: string) {
  const upload = findUpload(emulation, id);
  const { start, count } = parse(UrlsSchema, body);
  refuseEnded(emulation, upload);
  if (start + count - 1 > upload.totalChunks) {
    throw invalid(`The start and count parameters are invalid: the upload has ${upload.totalChunks} chunks.`);
  }
  const { clock, settings } = emulation;
  return {
    upload_id: upload.id,
    start_index: start,
    count,
    upload_urls: partUrls(emulation, upload, { start, count }, hostname),
    generated_at: clock.iso(),
    expires_at: clock.iso(clock.now() + settings.uploads.partUrlLifeMs),
  };
}
