import { z } from 'zod';

/** What the provider does not publish about its upload sessions, and what tests want to vary. */
export const UploadSettingsSchema = z
  .strictObject({
    /** Null for the formula of `chunkSizeFor`. */
    chunkBytes: z.number().int().min(1).nullable(),
    partUrlLifeMs: z.number().min(0),
    sessionLifeMs: z.number().min(0),
    /** Whether a part URL that a part came in by is refused from then on. */
    singleUse: z.boolean(),
    /** How many part URLs the answer to a create carries. */
    firstUrls: z.number().int().min(0),
    /**
     * `opaque`: an ETag that is not the MD5, as some stores give; `kms`: one that only looks like an MD5, with the header
     * that says so, as S3 gives where it encrypts with KMS.
     */
    etag: z.enum(['md5', 'opaque', 'kms']),
    /** `hash`: bytes are not kept, so that size costs no disk; nothing can then be found in them. */
    partBytes: z.enum(['disk', 'hash']),
    /** Duration of media that was only hashed; null for one that goes with its size. */
    hashedDurationSec: z.number().positive().nullable(),
  })
  .partial();

export type UploadSettings = Required<z.output<typeof UploadSettingsSchema>>;

const HOUR_MS = 3_600_000;

export const UPLOAD_DEFAULTS: UploadSettings = {
  chunkBytes: null,
  partUrlLifeMs: HOUR_MS,
  sessionLifeMs: 24 * HOUR_MS,
  singleUse: true,
  firstUrls: 10,
  etag: 'md5',
  partBytes: 'disk',
  hashedDurationSec: null,
};

const MEBIBYTE = 1024 * 1024;
const LEAST_CHUNK_BYTES = 5 * MEBIBYTE;
const MOST_CHUNKS = 2000;

/** Ours, since the provider's is not published: 5 MiB, or as many whole MiB as make at most 2,000 chunks. */
export function chunkSizeFor(totalSize: number): number {
  return Math.max(LEAST_CHUNK_BYTES, Math.ceil(totalSize / MOST_CHUNKS / MEBIBYTE) * MEBIBYTE);
}
