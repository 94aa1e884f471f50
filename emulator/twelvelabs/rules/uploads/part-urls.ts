import { createHmac, randomBytes } from 'node:crypto';
import type { UploadRecord } from '../../store/upload-records';
import type { Emulation } from '../emulation';
import { ApiError } from '../../../shared/server/api-error';

/** The one route of the part store, as counters and faults name it. */
export const PART_ROUTE = 'PUT /parts/{upload_id}/{chunk_index}';

/** Where a part URL points, and what in it is signed. */
export interface SignedPart {
  uploadId: string;
  index: number;
  /** Epoch milliseconds on the emulator's clock. */
  expires: number;
  nonce: string;
  signature: string;
}

/** As URLs of S3 say how they are signed: other headers than these may be added. */
const SIGNED_BY = 'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-SignedHeaders=host';

/** Fresh URLs for chunks that follow each other; every one of them can be used on its own. */
export function partUrls(
  { clock, settings, storePort }: Emulation,
  upload: UploadRecord,
  range: { start: number; count: number },
  hostname: string,
) {
  const expires = clock.now() + settings.uploads.partUrlLifeMs;
  return Array.from({ length: range.count }, (_, at) => {
    const index = range.start + at;
    const part = { uploadId: upload.id, index, expires, nonce: randomBytes(8).toString('hex') };
    const query = `${SIGNED_BY}&expires=${expires}&nonce=${part.nonce}&signature=${signatureOf(upload, part)}`;
    return {
      chunk_index: index,
      url: `http://${hostname}:${storePort}/parts/${upload.id}/${index}?${query}`,
      expires_at: clock.iso(expires),
    };
  });
}

/** What a request to the store asks for; undefined when it is no part. */
export function signedPart(url: string): SignedPart | undefined {
  const { pathname, searchParams } = new URL(url, 'http://store');
  const [, uploadId, index] = /^\/parts\/([0-9a-f]{24})\/(\d{1,9})$/.exec(pathname) ?? [];
  if (uploadId === undefined) return undefined;
  return {
    uploadId,
    index: Number(index),
    expires: Number(searchParams.get('expires')),
    nonce: searchParams.get('nonce') ?? '',
    signature: searchParams.get('signature') ?? '',
  };
}

/** @throws ApiError 403 with the codes that S3 has for it. */
export function checkUrl({ clock }: Emulation, upload: UploadRecord, part: SignedPart): void {
  if (part.signature !== signatureOf(upload, part)) {
    throw new ApiError(403, 'SignatureDoesNotMatch', 'The signature of the URL is not the one that was given out.');
  }
  if (part.expires <= clock.now()) throw new ApiError(403, 'AccessDenied', 'Request has expired');
}

/** @throws ApiError 403 when a part has come in by this URL already. */
export function refuseUsed({ settings }: Emulation, upload: UploadRecord, { nonce }: SignedPart): void {
  if (!settings.uploads.singleUse || !upload.usedUrls.includes(nonce)) return;
  throw new ApiError(403, 'AccessDenied', 'The URL has been used');
}

function signatureOf({ secret }: UploadRecord, { uploadId, index, expires, nonce }: Omit<SignedPart, 'signature'>) {
  return createHmac('sha256', secret).update(`PUT /parts/${uploadId}/${index} ${expires} ${nonce}`).digest('hex');
}
