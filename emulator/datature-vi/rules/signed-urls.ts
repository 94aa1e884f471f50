import { createHmac, timingSafeEqual } from 'node:crypto';
import { ApiError } from '../../shared/server/api-error';
import type { Emulation } from './emulation';

export const UPLOAD_ROUTE = 'PUT /uploads/{session_id}/{index}';
export const PART_ROUTE = 'PUT /parts/{multipart_id}/{part}';
export const CONTENT_ROUTE = 'GET /contents/{asset_id}';
export const THUMBNAIL_ROUTE = 'GET /thumbnails/{asset_id}';

/** What a signed URL is for. */
export interface Signed {
  method: 'PUT' | 'GET';
  area: 'uploads' | 'parts' | 'contents' | 'thumbnails';
  /** An id, a number that belongs to it, and the name of the file: it stands last, since the SDK saves files by it. */
  path: readonly [id: string, number: number, filename: string];
  /** By the emulator's clock. */
  expiresAt: number;
}

/** A URL that anybody may use until it expires. */
export function signedUrl(emulation: Emulation, host: string, signed: Signed): string {
  const url = new URL(`http://${host}`);
  url.port = String(emulation.storePort);
  url.pathname = pathOf(signed);
  url.searchParams.set('expires', String(signed.expiresAt));
  url.searchParams.set('signature', signatureOf(emulation, signed));
  return url.href;
}

/** What a URL was signed for, whether its signature is right or not; undefined when it is no such URL. */
export function signedIn(method: Signed['method'], text: string): (Signed & { signature: string }) | undefined {
  const url = new URL(text, 'http://store');
  const match = /^\/(uploads|parts|contents|thumbnails)\/(\w+)\/(\d+)\/([^/]+)$/.exec(url.pathname);
  if (!match) return undefined;
  const [, area, id = '', number, name = ''] = match;
  if ((method === 'PUT') !== (area === 'uploads' || area === 'parts')) return undefined;
  return {
    method,
    area: area as Signed['area'],
    path: [id, Number(number), decoded(name)],
    expiresAt: Number(url.searchParams.get('expires')),
    signature: url.searchParams.get('signature') ?? '',
  };
}

/** @throws ApiError 403, as an object store refuses it */
export function checkSigned(emulation: Emulation, signed: Signed & { signature: string }): void {
  const [given, right] = [signed.signature, signatureOf(emulation, signed)].map((text) => Buffer.from(text));
  const same = given !== undefined && right !== undefined && given.byteLength === right.byteLength;
  if (!same || !timingSafeEqual(given, right)) {
    throw new ApiError(403, 'SignatureDoesNotMatch', 'The signature of the URL is wrong.');
  }
  if (signed.expiresAt <= emulation.clock.now()) throw new ApiError(403, 'AccessDenied', 'The URL has expired.');
}

const pathOf = ({ area, path: [id, number, filename] }: Signed): string =>
  `/${area}/${id}/${number}/${encodeURIComponent(filename)}`;

const signatureOf = ({ store }: Emulation, signed: Signed): string =>
  createHmac('sha256', store.secret)
    .update(`${signed.method} ${pathOf(signed)} ${signed.expiresAt}`)
    .digest('hex');

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
