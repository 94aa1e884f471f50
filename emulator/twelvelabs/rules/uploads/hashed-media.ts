import { createHash } from 'node:crypto';
import type { MediaFacts, MediaKind } from '../../store/records';
import type { UploadRecord } from '../../store/upload-records';
import { kindOfType, promisedType } from '../media/file-types';
import type { UploadSettings } from './settings';
import { partsInOrder } from './status';

const DEFAULT_TYPES: Record<MediaKind, string> = { video: 'video/mp4', audio: 'audio/mpeg', image: 'image/jpeg' };
/** About 8 Mbit/s and 128 kbit/s, within what Marengo takes. */
const BYTES_PER_SEC = { video: 1_000_000, audio: 16_000 };
const [MIN_SEC, MAX_SEC] = [10, 4 * 3600];

/**
 * The content's hash where bytes were only hashed: parts arrive in any order, so that it is the SHA-256 over the
 * SHA-256 digests (32 bytes each) of the parts, in the order of their index. Undefined while a part is missing.
 */
export function partsSha256(upload: UploadRecord): string | undefined {
  const parts = partsInOrder(upload);
  if (upload.partBytes !== 'hash' || parts.length < upload.totalChunks) return undefined;
  const hash = createHash('sha256');
  for (const { sha256 = '' } of parts) hash.update(sha256, 'hex');
  return hash.digest('hex');
}

/** The bytes are not kept, so the type is the one that the create named. */
export function factsOfHashes(upload: UploadRecord, { hashedDurationSec }: UploadSettings): MediaFacts {
  const { type: kind, filename, totalSize: sizeBytes } = upload;
  const promised = promisedType(filename);
  const fileType = promised !== undefined && kindOfType(promised) === kind ? promised : DEFAULT_TYPES[kind];
  const common = {
    sha256: partsSha256(upload) ?? '',
    sizeBytes,
    kind,
    fileType,
    technical: { file_size_bytes: sizeBytes, file_mime_type: fileType },
  };
  if (kind === 'image') return { ...common, width: 1024, height: 1024, hasAudio: false };
  const guessed = Math.min(Math.max(sizeBytes / BYTES_PER_SEC[kind], MIN_SEC), MAX_SEC);
  const timed = { ...common, durationSec: hashedDurationSec ?? guessed, hasAudio: true };
  return kind === 'video' ? { ...timed, width: 1920, height: 1080, fps: 25 } : timed;
}
