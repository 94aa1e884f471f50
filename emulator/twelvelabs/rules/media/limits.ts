import type { MediaFacts } from '../../store/records';
import { ApiError } from '../../../shared/server/api-error';
import { invalid } from '../errors';

const MEBIBYTE = 1024 * 1024;

/** The provider writes MB and GB; the emulator reads them as binary units. */
export const LIMITS = {
  directBytes: 200 * MEBIBYTE,
  urlBytes: 4096 * MEBIBYTE,
  multipartBytes: 10 * 1024 * MEBIBYTE,
  imageBytes: 32 * MEBIBYTE,
  base64Characters: 48 * MEBIBYTE,
  syncMediaSec: 600,
} as const;

const MARENGO = { minSec: 4, maxSec: 4 * 3600, minSide: 360, maxWidth: 5184, maxHeight: 2160, maxAspect: 2.4 };
const MARENGO_IMAGE = { types: ['image/jpeg', 'image/png'], minSide: 128 };

export function tooLarge(kind: string | undefined, limitBytes: number): ApiError {
  const codes: Record<string, string> = { video: 'video_filesize_too_large', audio: 'audio_filesize_too_large' };
  const code = codes[kind ?? ''] ?? 'media_filesize_too_large';
  const limit = limitBytes < 1024 * MEBIBYTE ? `${limitBytes / MEBIBYTE} MB` : `${limitBytes / (1024 * MEBIBYTE)} GB`;
  return new ApiError(400, code, `The file is larger than the limit of ${limit}.`);
}

/** What Marengo takes: an asset can be ready and still be refused here. */
export function refuseForMarengo(media: MediaFacts): void {
  if (media.kind === 'image') refuseImage(media);
  else refuseDuration(media);
  if (media.kind === 'video') refuseResolution(media);
}

function refuseImage({ fileType, width = 0, height = 0 }: MediaFacts): void {
  if (!MARENGO_IMAGE.types.includes(fileType ?? '')) {
    throw new ApiError(400, 'unsupported_media_type', `The image must be JPEG or PNG, and is ${fileType}.`);
  }
  if (Math.min(width, height) < MARENGO_IMAGE.minSide) {
    throw invalid(`The image must be at least 128x128 pixels, and is ${width}x${height}.`);
  }
}

function refuseDuration({ kind, durationSec = 0 }: MediaFacts): void {
  const now = `the ${kind} lasts ${durationSec} seconds`;
  if (durationSec < MARENGO.minSec) {
    throw new ApiError(400, 'video_duration_too_short', `The minimum duration is ${MARENGO.minSec} seconds; ${now}.`);
  }
  if (durationSec > MARENGO.maxSec) {
    throw new ApiError(400, 'video_duration_too_long', `The maximum duration is ${MARENGO.maxSec} seconds; ${now}.`);
  }
}

function refuseResolution({ width = 0, height = 0 }: MediaFacts): void {
  const now = `the video is ${width}x${height}`;
  if (Math.min(width, height) < MARENGO.minSide) {
    throw new ApiError(400, 'video_resolution_too_low', `The minimum resolution is 360x360; ${now}.`);
  }
  const upright = width < height;
  const [long, short] = upright ? [height, width] : [width, height];
  if (long > MARENGO.maxWidth || short > MARENGO.maxHeight) {
    throw new ApiError(400, 'video_resolution_too_high', `The maximum resolution is 5184x2160; ${now}.`);
  }
  if (long / short > MARENGO.maxAspect) {
    throw new ApiError(400, 'video_resolution_invalid_aspect_ratio', `The aspect ratio must be at most 1:2.4; ${now}.`);
  }
}
