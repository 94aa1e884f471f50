import path from 'node:path';

export type MediaKind = 'Image' | 'Video';

export interface Format {
  kind: MediaKind;
  mime: string;
}

const IMAGES: Readonly<Record<string, string>> = {
  'image/avif': 'avif',
  'image/bmp': 'bmp',
  'image/gif': 'gif',
  'image/heic': 'heic',
  'image/heif': 'heif',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/jpeg': 'jpg jpeg jfif',
  'image/jp2': 'jp2 j2k',
  'image/tiff': 'tif tiff',
};

const VIDEOS: Readonly<Record<string, string>> = {
  'video/mp4': 'mp4 f4v',
  'video/quicktime': 'mov movie qt',
  'video/x-msvideo': 'avi',
  'video/webm': 'webm',
  'video/matroska': 'mkv',
  'video/x-m4v': 'm4v',
  'video/x-flv': 'flv',
  'video/mpeg': 'mpg',
  'video/ogg': 'ogg ogv',
  'video/3gpp': '3gp 3gpp',
  'video/x-ms-asf': 'asf wmv',
  'application/vnd.rn-realmedia': 'rm rmv',
};

const FORMATS = new Map<string, Format>([...entriesOf('Image', IMAGES), ...entriesOf('Video', VIDEOS)]);

function entriesOf(kind: MediaKind, table: Readonly<Record<string, string>>): [string, Format][] {
  return Object.entries(table).flatMap(([mime, extensions]) =>
    extensions.split(' ').map((extension): [string, Format] => [extension, { kind, mime }]),
  );
}

/** Format by the filename's extension; `undefined` for one that the provider does not take. */
export const formatOf = (filename: string): Format | undefined =>
  FORMATS.get(path.extname(filename).slice(1).toLowerCase());

export const extensionsOf = (kind: MediaKind): string[] =>
  [...FORMATS].filter(([, format]) => format.kind === kind).map(([extension]) => `.${extension}`);
