import type { ProviderAsset } from '../assets';
import { withoutQueries } from './api/errors';
import type { AssetAnswer } from './api/schemas';

const STATUSES: Readonly<Record<string, ProviderAsset['status']>> = {
  waiting: 'waiting',
  ready: 'ready',
  failed: 'failed',
};

/** Every other status counts as processing. Source: `GET /assets/{asset_id}`. */
export function assetOf(answer: AssetAnswer): ProviderAsset {
  const { technical_metadata: technicalMetadata, hls, thumbnail } = answer;
  const { video_width, image_width, video_height, image_height } = technicalMetadata ?? {};
  return {
    id: answer._id,
    status: STATUSES[answer.status ?? ''] ?? 'processing',
    filename: answer.filename,
    fileType: answer.file_type,
    sizeBytes: answer.size,
    durationSec: answer.duration,
    widthPixels: video_width ?? image_width,
    heightPixels: video_height ?? image_height,
    createdAt: answer.created_at,
    metadata: answer.user_metadata ?? {},
    errorMessage: answer.error?.message && withoutQueries(answer.error.message), // it may contain the URL
    method: answer.method,
    source: answer.source,
    url: answer.url,
    urlExpiresAt: answer.url_expires_at,
    stream: hls && { status: hls.status, manifestUrl: hls.manifest_url },
    thumbnail: thumbnail && { status: thumbnail.status, url: thumbnail.representative_url },
    technicalMetadata,
  };
}
