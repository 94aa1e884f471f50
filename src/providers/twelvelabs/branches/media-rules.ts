import type { MediaItem, PictureSize } from '../../../media/media-facts';

/**
 * What a model takes, as far as it is published. Each rule gives sentences that name the measured and the allowed value,
 * without the field; none for what is unknown of the file.
 * @param who takes it, to begin the sentence: `marengo3.0`, `an index`.
 */
type Rule = (who: string, media: MediaItem) => string[];

const GIBIBYTE = 1024 ** 3;
const MEBIBYTE = 1024 ** 2;
const HOUR_SEC = 3600;

/** Source: Embed API v2, video and audio; Marengo, index of videos. The provider writes GB and MB. */
const LEAST_SEC = 4;
const MOST_SEC = 4 * HOUR_SEC;
const MOST_GIB = 4;
const LEAST_SIDE = 360;
const MOST_WIDTH = 5184;
const MOST_HEIGHT = 2160;
/** 2.4, as whole numbers. */
const ASPECT = { long: 12, short: 5 };
const AUDIO_CONTAINERS: ReadonlySet<string> = new Set(['Wave', 'Wave64', 'MPEG Audio', 'FLAC']);
/** Source: Marengo images, images of entities. */
const IMAGE_CONTAINERS: ReadonlySet<string> = new Set(['JPEG', 'PNG', 'APNG']);
const LEAST_IMAGE_SIDE = 128;
const MOST_IMAGE_MIB = 32;

export const videoLengthRule: Rule = (who, media) => lengthRule(`${who} takes videos`, media);

export const audioLengthRule: Rule = (who, media) => lengthRule(`${who} takes audio`, media);

/**
 * Resolution and aspect ratio. Upright videos are measured as if they lay. Of several sizes that the video may be taken
 * for, all must be out of range.
 */
export const videoPictureRule: Rule = (who, { filename, sizes }) => {
  const refusals = sizes.map((size) => sizeRefusal(who, filename, size));
  return refusals.every((refusal) => refusal !== undefined) ? refusals.slice(0, 1) : [];
};

export const audioFormatRule: Rule = (who, { filename, container, codec }) => {
  if (container === undefined || AUDIO_CONTAINERS.has(container)) return [];
  return [`${who} takes audio as WAV, MP3 or FLAC; ${filename} is ${codec ?? 'audio'} in ${container}`];
};

export const imageRule: Rule = (who, { filename, container, sizes, sizeBytes }) => {
  const broken: string[] = [];
  if (container !== undefined && !IMAGE_CONTAINERS.has(container)) {
    broken.push(`${who} takes images as JPEG or PNG; ${filename} is ${container}`);
  }
  const [size] = sizes;
  if (size && sizes.every(({ width, height }) => Math.min(width, height) < LEAST_IMAGE_SIDE)) {
    const least = `${LEAST_IMAGE_SIDE}x${LEAST_IMAGE_SIDE}`;
    broken.push(`${who} takes images of ${least} pixels or more; ${filename} is ${size.width}x${size.height}`);
  }
  if (sizeBytes > MOST_IMAGE_MIB * MEBIBYTE) {
    broken.push(`${who} takes images of up to ${MOST_IMAGE_MIB} MB; ${filename} has ${sizeBytes} bytes`);
  }
  return broken;
};

/** The sentences as one refusal that names the field; `undefined` if there are none. */
export const branchRefusalOf = (sentences: readonly string[]): string | undefined =>
  sentences.length === 0 ? undefined : `branch: ${sentences.join('; ')}`;

function lengthRule(takes: string, { filename, durationSec, sizeBytes }: MediaItem): string[] {
  const broken: string[] = [];
  if (durationSec !== undefined && (durationSec < LEAST_SEC || durationSec > MOST_SEC)) {
    broken.push(`${takes} of ${LEAST_SEC} s to ${MOST_SEC / HOUR_SEC} h; ${filename} lasts ${durationOf(durationSec)}`);
  }
  if (sizeBytes > MOST_GIB * GIBIBYTE) {
    broken.push(`${takes} of up to ${MOST_GIB} GB; ${filename} has ${sizeBytes} bytes`);
  }
  return broken;
}

function sizeRefusal(who: string, filename: string, { width, height }: PictureSize): string | undefined {
  const [long, short] = width < height ? [height, width] : [width, height];
  const is = `${filename} is ${width}x${height}`;
  if (short < LEAST_SIDE || long > MOST_WIDTH || short > MOST_HEIGHT) {
    return `${who} takes videos of ${LEAST_SIDE}x${LEAST_SIDE} to ${MOST_WIDTH}x${MOST_HEIGHT} pixels; ${is}`;
  }
  if (long * ASPECT.short > short * ASPECT.long) {
    const ratio = Math.ceil((long / short) * 100) / 100;
    const measured = width < height ? `1:${ratio}` : `${ratio}:1`;
    return `${who} takes videos with an aspect ratio of 1:2.4 to 2.4:1; ${is} (${measured})`;
  }
  return undefined;
}

/** `2.1 s`, or `4 h 0 min 10 s`. */
function durationOf(sec: number): string {
  if (sec < HOUR_SEC) return `${Math.floor(sec * 1000) / 1000} s`;
  const whole = Math.ceil(sec);
  return `${Math.floor(whole / HOUR_SEC)} h ${Math.floor((whole % HOUR_SEC) / 60)} min ${whole % 60} s`;
}
