import { randomBytes, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { PartRecord, UploadRecord } from '../../store/upload-records';
import type { Emulation } from '../emulation';
import { ApiError } from '../../../shared/server/api-error';
import { checkUrl, refuseUsed, type SignedPart } from './part-urls';
import { bytesOfChunk, statusOf } from './status';

/** What a part store says, with the codes of S3; the route puts it into XML. */
const refused = (status: number, code: string, message: string): ApiError => new ApiError(status, code, message);

/** @throws ApiError as an object store would refuse the head of the request. */
export function admitPart(emulation: Emulation, part: SignedPart, contentLength: string | undefined): UploadRecord {
  const upload = emulation.store.uploads.get(part.uploadId);
  if (!upload) throw noSuchUpload();
  checkUrl(emulation, upload, part);
  refuseInactive(emulation, upload);
  refuseUsed(emulation, upload, part);
  if (contentLength === undefined) {
    throw refused(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  }
  const given = Number(contentLength);
  const expected = bytesOfChunk(upload, part.index);
  if (given === expected) return upload;
  const code = given < expected ? 'EntityTooSmall' : 'EntityTooLarge';
  throw refused(400, code, `Part ${part.index} must have ${expected} bytes, and has ${given}.`);
}

/** A part whose bytes are in, and that is not there yet. */
export interface ArrivedChunk {
  /** Puts it in place of the one before. @throws ApiError when the session ended or the URL was used meanwhile. */
  commit(): PartRecord;
  discard(): void;
}

export async function takePart(
  emulation: Emulation,
  upload: UploadRecord,
  signed: SignedPart,
  { body, contentMd5 }: { body: Readable; contentMd5?: string },
  onBytes: (count: number) => void,
): Promise<ArrivedChunk> {
  const { parts, settings, clock } = emulation;
  const onDisk = upload.partBytes === 'disk';
  const kind = settings.uploads.etag;
  const digested = kind === 'md5' || contentMd5 !== undefined;
  const name = onDisk ? `${signed.index}-${randomUUID()}` : undefined;
  const algorithms = [...(digested ? ['md5' as const] : []), ...(onDisk ? [] : ['sha256' as const])];
  const { md5, sha256 } = await parts.take(body, { uploadId: upload.id, name, algorithms }, onBytes);
  const discard = (): void => {
    if (name !== undefined) parts.discard(upload.id, name);
  };
  if (contentMd5 !== undefined && Buffer.from(md5 ?? '', 'hex').toString('base64') !== contentMd5) {
    discard();
    throw refused(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  const random = randomBytes(16).toString('hex');
  const etag = { md5, opaque: `${random}-1`, kms: random }[kind] ?? random;
  const commit = (): PartRecord => {
    try {
      refuseInactive(emulation, upload);
      refuseUsed(emulation, upload, signed);
    } catch (error) {
      discard();
      throw error;
    }
    const record: PartRecord = {
      sizeBytes: bytesOfChunk(upload, signed.index),
      etag,
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(name === undefined ? {} : { file: name }),
      receivedAt: clock.now(),
    };
    replace(emulation, upload, signed, record);
    return record;
  };
  return { commit, discard };
}

/** A part that replaces another keeps its report only if the ETag is the same. */
function replace({ parts, clock }: Emulation, upload: UploadRecord, signed: SignedPart, record: PartRecord): void {
  const before = upload.parts[signed.index];
  if (before?.file !== undefined) parts.discard(upload.id, before.file);
  if (before?.reportedAt !== undefined && before.etag === record.etag) record.reportedAt = before.reportedAt;
  upload.parts[signed.index] = record;
  upload.usedUrls.push(signed.nonce);
  upload.updatedAt = clock.now();
}

function refuseInactive({ clock }: Emulation, upload: UploadRecord): void {
  if (statusOf(upload, clock.now()) !== 'active') throw noSuchUpload();
}

const noSuchUpload = (): ApiError =>
  refused(404, 'NoSuchUpload', 'The upload does not exist: it may have been completed, have failed or have expired.');
