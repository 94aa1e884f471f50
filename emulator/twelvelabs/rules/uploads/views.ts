import type { UploadRecord } from '../../store/upload-records';
import type { Emulation } from '../emulation';
import type { Query } from '../../../shared/server/json-server';
import { pageOf } from '../paging';
import { partsSha256 } from './hashed-media';
import { findUpload, partsInOrder, reportedParts, statusOf } from './status';

/**
 * Sessions that have not completed, newest first. As the provider's, an item names neither asset nor file.
 * Source: `list-incomplete-uploads`.
 */
export function listIncomplete({ store, clock }: Emulation, query: Query) {
  const now = clock.now();
  const incomplete = [...store.uploads.values()].filter((upload) => statusOf(upload, now) !== 'completed').reverse();
  return pageOf(incomplete, query, (upload) => ({
    upload_id: upload.id,
    status: statusOf(upload, now),
    total_size: upload.totalSize,
    chunk_size: upload.chunkSize,
    total_chunks: upload.totalChunks,
    created_at: clock.iso(upload.createdAt),
    expires_at: clock.iso(upload.expiresAt),
  }));
}

/** Pages go over all chunks; one that was uploaded and not reported is `pending`. Source: `get-status`. */
export function uploadStatus(emulation: Emulation, id: string, query: Query) {
  const { clock } = emulation;
  const upload = findUpload(emulation, id);
  const reported = reportedParts(upload);
  const indexes = Array.from({ length: upload.totalChunks }, (_, at) => at + 1);
  const { data, page_info } = pageOf(indexes, query, (index) => chunkView(emulation, upload, index));
  return {
    upload_id: upload.id,
    status: statusOf(upload, clock.now()),
    uploaded_chunks: data,
    chunks_completed: reported.length,
    chunks_failed: 0,
    chunks_pending: upload.totalChunks - reported.length,
    page_info,
    total_size: upload.totalSize,
    uploaded_size: reported.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    created_at: clock.iso(upload.createdAt),
    updated_at: clock.iso(upload.updatedAt),
  };
}

function chunkView({ clock }: Emulation, upload: UploadRecord, index: number) {
  const { receivedAt, reportedAt } = upload.parts[index] ?? {};
  return {
    index,
    status: reportedAt === undefined ? 'pending' : 'completed',
    uploaded_at: reportedAt === undefined ? null : clock.iso(reportedAt),
    updated_at: clock.iso(reportedAt ?? receivedAt ?? upload.createdAt),
  };
}

/** For the control API: with what the provider does not tell. */
export function uploadState({ clock }: Emulation, upload: UploadRecord) {
  return {
    upload_id: upload.id,
    asset_id: upload.assetId,
    filename: upload.filename,
    status: statusOf(upload, clock.now()),
    total_size: upload.totalSize,
    chunk_size: upload.chunkSize,
    total_chunks: upload.totalChunks,
    received_chunks: partsInOrder(upload).length,
    completed_chunks: reportedParts(upload).length,
    createdAtMs: upload.createdAt,
    completedAtMs: upload.completedAt,
    expiresAtMs: upload.expiresAt,
    partsSha256: partsSha256(upload),
    failure: upload.failure?.message,
  };
}
