import path from 'node:path';
import type { GeneralTrack, ImageTrack, Track, VideoTrack } from 'mediainfo.js';
import type { MediaFacts, PictureSize } from './media-facts';

/** How a file was read. */
export interface Reading {
  filename: string;
  /** Its first bytes. */
  head: Buffer;
  /** It was not read as far as MediaInfo asked. */
  isPartial: boolean;
  isFragmented: boolean;
}

/** Pictures, although MediaInfo gives moving ones, and videos that phones append to a photo, as video streams. */
const PICTURES = set('JPEG,PNG,APNG,GIF,WebP,Bitmap,TIFF,HEIF,HEIC,AVIF,JPEG 2000,JPEG XL,PSD');
/** Formats that store their duration where MediaInfo reads first. Of all others, part of a file only tells of that part. */
const TIMED_AT_THE_FRONT = set('MPEG-4,QuickTime,Matroska,WebM,Wave,FLAC,Windows Media');
/** No media lasts a month. */
const BEYOND_BELIEF_SEC = 30 * 86_400;
/** By these names: formats whose first bytes tell them. Content that is not recognised by them is of none of them. */
const TOLD_BY_THE_FIRST_BYTES = set('mp4,m4v,m4a,mov,mkv,webm,avi,wav,flac,jpg,jpeg,png,gif,webp,wmv,wma,flv,ogg');
/** By these names: formats that may begin anywhere, so that the whole file must be read to say that it is none. */
const FOUND_ANYWHERE = set('mp3,mp2,aac,ac3,ts,mts,m2ts,mpg,mpeg,vob');

/** What MediaInfo's tracks say, without what they do not prove. */
export function factsOfTracks(tracks: readonly Track[], reading: Reading): MediaFacts {
  const general = ofType(tracks, 'General')[0];
  const video = ofType(tracks, 'Video');
  const audio = ofType(tracks, 'Audio');
  const images = ofType(tracks, 'Image').filter((image) => !isCover(image));
  const isPicture = PICTURES.has(general?.Format ?? '');
  const cutShort = isCutShort(general);
  const kind = isPicture
    ? 'image'
    : video.length > 0
      ? 'video'
      : audio.length > 0
        ? 'audio'
        : images.length > 0
          ? 'image'
          : kindWithoutStreams(general, { ...reading, cutShort });
  const pictures = kind === 'video' ? video : kind === 'image' ? [...images, ...(isPicture ? video : [])] : [];
  const container = general?.Format ?? (kind === 'document' ? 'text' : undefined);
  const [first] = kind === 'audio' ? audio : pictures;
  return {
    ...present({ kind, container, codec: first?.Format }),
    sizes: pictures.flatMap(sizesOf),
    ...present({ durationSec: kind === 'video' || kind === 'audio' ? durationOf(tracks, reading) : undefined }),
    videoStreams: isPicture ? 0 : video.length,
    audioStreams: audio.length,
    ...(cutShort ? { cutShort } : {}),
  };
}

/** A document, nothing at all, or not to be told. */
function kindWithoutStreams(
  general: GeneralTrack | undefined,
  { filename, head, isPartial, cutShort }: Reading & { cutShort: boolean },
): MediaFacts['kind'] {
  if (general?.Format === 'PDF' || isText(head)) return 'document';
  const extension = path.extname(filename).slice(1).toLowerCase();
  if (general?.Format === undefined && TOLD_BY_THE_FIRST_BYTES.has(extension)) return 'none';
  if (isPartial || cutShort || lacksIndex(general)) return undefined;
  return general?.Format !== undefined || FOUND_ANYWHERE.has(extension) ? 'none' : undefined;
}

/** The longest that container or streams tell. A stream may be shorter, or unknown where the container is known. */
function durationOf(tracks: readonly Track[], { isPartial, isFragmented }: Reading): number | undefined {
  const general = ofType(tracks, 'General')[0];
  if (isPartial && (isFragmented || !TIMED_AT_THE_FRONT.has(general?.Format ?? ''))) return undefined;
  const timed = [general, ...ofType(tracks, 'Video'), ...ofType(tracks, 'Audio')];
  const longest = Math.max(0, ...timed.map((track) => track?.Duration ?? 0));
  const isTold = longest > 0 && longest < BEYOND_BELIEF_SEC; // fragmented files and streamed WAV have 0, or a huge number
  return isTold ? longest : undefined;
}

/** As stored, and as shown. */
function sizesOf(track: VideoTrack | ImageTrack): PictureSize[] {
  const { Width: width, Height: height } = track;
  if (!width || !height) return [];
  const { Rotation: rotation = 0, PixelAspectRatio: aspect = 1 } = track as VideoTrack;
  const shown = { width: Math.round(width * aspect), height };
  const sizes = shown.width > 0 && shown.width !== width ? [{ width, height }, shown] : [{ width, height }];
  const isTurned = Math.round(Number(rotation) / 90) % 2 !== 0;
  return isTurned ? sizes.map((size) => ({ width: size.height, height: size.width })) : sizes;
}

const isCutShort = (general: GeneralTrack | undefined): boolean => general?.extra?.IsTruncated === 'Yes';

/** An MPEG-4 file that ends with its samples: whoever wrote it was to write the index behind them. */
const lacksIndex = (general: GeneralTrack | undefined): boolean =>
  general?.IsStreamable === 'No' && Number(general.FooterSize ?? 0) === 0;

/** Cover art of a song. */
const isCover = ({ Type: type }: ImageTrack): boolean => /cover/i.test(type ?? '');

/** Control characters that text has. */
// oxlint-disable-next-line no-control-regex
const NO_TEXT = /[^\P{Cc}\t\n\v\f\r\u001b]/u;

function isText(head: Buffer): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true }); // a character may be cut
    return !NO_TEXT.test(text);
  } catch {
    return false;
  }
}

function ofType<T extends Track['@type']>(tracks: readonly Track[], type: T): Extract<Track, { '@type': T }>[] {
  return tracks.filter((track): track is Extract<Track, { '@type': T }> => track['@type'] === type);
}

function set(names: string): ReadonlySet<string> {
  return new Set(names.split(','));
}

/** Without the fields that are absent. */
const present = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
