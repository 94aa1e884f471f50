import { z } from 'zod';
import type { UploadRecord } from '../../store/upload-records';
import type { Emulation } from '../emulation';
import { invalid, parse } from '../errors';
import { completeUpload } from './completion';
import { bytesOfChunk, findUpload, refuseEnded, reportedParts } from './status';

const ReportSchema = z.object({
  completed_chunks: z
    .array(
      z.object({
        chunk_index: z.number().int().min(1),
        proof: z.string().min(1),
        proof_type: z.literal('etag'),
        chunk_size: z.number().int(),
      }),
    )
    .min(1),
});
type Reported = z.output<typeof ReportSchema>['completed_chunks'][number];

/**
 * Marks a batch of chunks as reported, all or none. Chunks that were reported before are only counted.
 * The last one completes the session.
 * Source: `report-chunk-batch`.
 */
export async function reportChunks(emulation: Emulation, id: string, body: unknown) {
  const upload = findUpload(emulation, id);
  const { completed_chunks: chunks } = parse(ReportSchema, body);
  const fresh = freshOf(upload, chunks);
  // A client that lost the answer to its last report repeats it, and gets the same answer.
  if (fresh.size > 0 || upload.completedAt === undefined) refuseEnded(emulation, upload);
  for (const chunk of fresh.values()) check(upload, chunk);
  const now = emulation.clock.now();
  for (const index of fresh.keys()) Object.assign(upload.parts[index] ?? {}, { reportedAt: now });
  if (fresh.size > 0) upload.updatedAt = now;
  const completed = reportedParts(upload).length;
  if (completed === upload.totalChunks && upload.completedAt === undefined) await completeUpload(emulation, upload);
  return {
    asset_id: upload.assetId,
    processed_chunks: fresh.size,
    duplicate_chunks: chunks.length - fresh.size,
    total_completed: completed,
    ...(completed === upload.totalChunks
      ? { url: `${emulation.origin}/_emulator/media/${upload.assetId}/original` }
      : {}),
  };
}

function freshOf(upload: UploadRecord, chunks: Reported[]): Map<number, Reported> {
  const fresh = new Map<number, Reported>();
  for (const chunk of chunks) {
    const { chunk_index: index } = chunk;
    if (upload.parts[index]?.reportedAt === undefined && !fresh.has(index)) fresh.set(index, chunk);
  }
  return fresh;
}

function check(upload: UploadRecord, { chunk_index: index, proof, chunk_size: size }: Reported): void {
  if (index > upload.totalChunks) throw invalid(`The upload has ${upload.totalChunks} chunks, and no chunk ${index}.`);
  const part = upload.parts[index];
  if (!part) throw invalid(`Chunk ${index} has not been uploaded.`);
  const expected = bytesOfChunk(upload, index);
  if (size !== expected) throw invalid(`The chunk_size of chunk ${index} must be ${expected}, and is ${size}.`);
  if (unquoted(proof) !== part.etag) throw invalid(`The proof of chunk ${index} is not its ETag.`);
}

/** Clients send an ETag with its quotes or without. */
const unquoted = (etag: string): string => etag.replace(/^"(.*)"$/, '$1');
