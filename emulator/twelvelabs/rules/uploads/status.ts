import type { PartRecord, UploadRecord } from '../../store/upload-records';
import type { Emulation } from '../emulation';
import { ApiError } from '../../../shared/server/api-error';
import { existing } from '../errors';
import { failNow } from '../progress';

export type UploadStatus = 'active' | 'completed' | 'failed' | 'expired';

export const EXPIRED = 'The upload session expired before all of its chunks were reported.';

export const findUpload = ({ store }: Emulation, id: string): UploadRecord =>
  existing(store.uploads, 'upload session', id);

/** Computed from the clock, so that a session expires without a timer. */
export function statusOf(upload: UploadRecord, now: number): UploadStatus {
  if (upload.completedAt !== undefined) return 'completed';
  if (upload.failure) return 'failed';
  return now >= upload.expiresAt ? 'expired' : 'active';
}

/** @throws ApiError 400 when the session takes nothing more. */
export function refuseEnded({ clock }: Emulation, upload: UploadRecord): void {
  const status = statusOf(upload, clock.now());
  if (status === 'active') return;
  throw new ApiError(400, `emulator_upload_${status}`, `The upload session with id ${upload.id} is ${status}.`);
}

/** Ends a session that is still active, and with it the asset it reserved; of any other, nothing changes. */
export function failUpload(emulation: Emulation, upload: UploadRecord, message: string): void {
  const { clock, store, parts } = emulation;
  if (statusOf(upload, clock.now()) !== 'active') return;
  upload.failure = { at: clock.now(), message };
  upload.updatedAt = clock.now();
  const asset = store.assets.get(upload.assetId);
  if (asset) failNow(emulation, asset.progress, message);
  parts.discard(upload.id);
}

/** Bytes that a chunk must have: the last one has the rest. */
export const bytesOfChunk = ({ totalSize, chunkSize, totalChunks }: UploadRecord, index: number): number =>
  index === totalChunks ? totalSize - chunkSize * (totalChunks - 1) : chunkSize;

/** The parts that came in, in the order of the content. */
export const partsInOrder = ({ parts, totalChunks }: UploadRecord): PartRecord[] =>
  Array.from({ length: totalChunks }, (_, at) => parts[at + 1]).filter((part) => part !== undefined);

export const reportedParts = (upload: UploadRecord): PartRecord[] =>
  partsInOrder(upload).filter(({ reportedAt }) => reportedAt !== undefined);
