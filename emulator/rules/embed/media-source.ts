import type { EmbeddingPlan, MediaFacts } from '../../store/records';
import { readyAsset } from '../assets';
import type { Emulation } from '../emulation';
import { ApiError, invalid } from '../errors';
import { refuseForMarengo } from '../media/limits';
import type { MediaSource } from './requests';

/** Media that is at hand: an asset's, or what the request itself carries. */
export async function mediaAtHand(
  emulation: Emulation,
  source: Exclude<MediaSource, { url: string }>,
): Promise<{ media: MediaFacts; assetId?: string; filename?: string }> {
  if ('asset_id' in source) {
    const { asset, media } = readyAsset(emulation, source.asset_id);
    return { media, assetId: asset.id, filename: asset.filename };
  }
  const media = await emulation.library.receive([Buffer.from(source.base64_string, 'base64')]);
  if (!media) throw invalid('The media_source.base64_string parameter is invalid.');
  return { media };
}

/** @throws ApiError when the model would not take this media as that input. */
export function refuseUnusable(media: MediaFacts, plan: EmbeddingPlan): void {
  if (media.problem !== undefined) throw new ApiError(400, 'video_file_broken', media.problem);
  if (media.kind !== plan.inputType) {
    throw invalid(`The input_type parameter is ${plan.inputType}, but the media is ${media.kind ?? 'of an unknown kind'}.`);
  }
  refuseForMarengo(media);
  if ((plan.startSec ?? 0) >= (media.durationSec ?? Infinity)) {
    throw invalid('The start_sec parameter lies after the end of the media.');
  }
}
