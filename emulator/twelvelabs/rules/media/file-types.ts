import path from 'node:path';
import type { MediaKind } from '../../store/records';
import type { Tracks } from './technical-metadata';

/** MIME subtype of what MediaInfo calls a container. */
const SUBTYPES: Record<string, string> = {
  'MPEG-4': 'mp4',
  QuickTime: 'quicktime',
  Matroska: 'x-matroska',
  WebM: 'webm',
  AVI: 'x-msvideo',
  'MPEG-TS': 'mp2t',
  'MPEG-PS': 'mpeg',
  'Flash Video': 'x-flv',
  'Windows Media': 'x-ms-wmv',
  'MPEG Audio': 'mpeg',
  Wave: 'wav',
  FLAC: 'flac',
  ADTS: 'aac',
  Ogg: 'ogg',
  AIFF: 'aiff',
  JPEG: 'jpeg',
  PNG: 'png',
  APNG: 'png',
  WebP: 'webp',
  GIF: 'gif',
  Bitmap: 'bmp',
  TIFF: 'tiff',
};

const EXTENSIONS: Record<string, string> = {
  '.mp4': 'video/mp4',
  '.m4v': 'video/mp4',
  '.mov': 'video/quicktime',
  '.mkv': 'video/x-matroska',
  '.webm': 'video/webm',
  '.avi': 'video/x-msvideo',
  '.mp3': 'audio/mpeg',
  '.m4a': 'audio/mp4',
  '.wav': 'audio/wav',
  '.flac': 'audio/flac',
  '.aac': 'audio/aac',
  '.ogg': 'audio/ogg',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
};

/** What the content is; nothing when no track of it can be read. */
export function kindOf({ video, audio, image }: Tracks): MediaKind | undefined {
  if (video.length > 0) return 'video';
  if (audio.length > 0) return 'audio';
  return image.length > 0 ? 'image' : undefined;
}

export function fileTypeOf({ general }: Tracks, kind: MediaKind): string {
  const quickTime = general?.Format === 'MPEG-4' && general.Format_Profile === 'QuickTime';
  const container = quickTime ? 'QuickTime' : (general?.Format ?? '');
  return `${kind}/${SUBTYPES[container] ?? `x-${container.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`}`;
}

/** The type by the file's name, for content that was not seen or not recognised. */
export const promisedType = (filename: string): string | undefined => EXTENSIONS[path.extname(filename).toLowerCase()];

export const kindOfType = (fileType: string | undefined): string | undefined => fileType?.split('/')[0];
