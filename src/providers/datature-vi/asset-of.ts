import type { ProviderAsset, SignedUrl } from '../assets';
import type { AssetAnswer, SignedContent } from './api/schemas';
import { expiryMs } from './api/signed-urls';

/** The provider's words for a state are not published; these would mean that no content came. */
const FAILED = /fail|error|corrupt|invalid/i;

/** Whether the asset has its content: it has once its hash is listed. */
export function statusOf({ metadata: { status = '', uploadStatus = '', hash } }: AssetAnswer): ProviderAsset['status'] {
  if (FAILED.test(status) || FAILED.test(uploadStatus)) return 'failed';
  return hash && hash.contents !== '' ? 'ready' : 'processing';
}

/** When its content came, by which the list is ordered; epoch milliseconds. */
export const lastChangeOf = ({ metadata }: AssetAnswer): number | undefined =>
  metadata.contentsLastUpdated ?? metadata.timeCreated;

/** RFC 3339. */
export const timeOf = (epochMs: number | undefined): string | undefined =>
  epochMs === undefined ? undefined : new Date(epochMs).toISOString();

export function assetOf(answer: AssetAnswer): ProviderAsset {
  const { assetId: id, filename, metadata } = answer;
  const status = statusOf(answer);
  return {
    ...{ id, status, filename },
    fileType: metadata.mimeType,
    sizeBytes: metadata.fileSize,
    widthPixels: metadata.width,
    heightPixels: metadata.height,
    createdAt: timeOf(metadata.timeCreated),
    contentsAt: timeOf(metadata.contentsLastUpdated),
    metadata: metadata.customMetadata ?? {},
    ...(status === 'failed' && { errorMessage: [metadata.status, metadata.uploadStatus].filter(Boolean).join(', ') }),
  };
}

/** The asset with everything that the answer tells of it. */
export function wholeAssetOf(answer: AssetAnswer): ProviderAsset {
  const { contents, ...details } = answer;
  return {
    ...assetOf(answer),
    hash: answer.metadata.hash,
    ...(contents && { contents: { asset: signedUrl(contents.asset), thumbnail: signedUrl(contents.thumbnail) } }),
    details,
  };
}

const signedUrl = (signed: SignedContent | undefined): SignedUrl | undefined =>
  signed && {
    ...{ url: signed.url, expiresAt: new Date(expiryMs(signed.expiry)).toISOString() },
    ...{ headers: signed.headers, method: signed.method },
  };
