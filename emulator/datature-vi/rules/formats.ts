import type { AssetKind } from '../store/records';

/** Source: the table of formats that the SDK goes by. */
const IMAGES = ['avif', 'bmp', 'gif', 'heic', 'heif', 'png', 'webp', 'jpeg', 'jp2', 'tiff'].map(
  (name) => `image/${name}`,
);
const VIDEOS = [
  'video/mp4',
  'video/quicktime',
  'video/x-msvideo',
  'video/webm',
  'video/matroska',
  'video/x-m4v',
  'video/x-flv',
  'video/mpeg',
  'video/ogg',
  'video/3gpp',
  'video/x-ms-asf',
  'application/vnd.rn-realmedia',
];

export const kindOfMime = (mime: string): AssetKind | undefined =>
  IMAGES.includes(mime) ? 'Image' : VIDEOS.includes(mime) ? 'Video' : undefined;

export const MOST_BYTES: Readonly<Record<AssetKind, number>> = { Image: 256 * 1024 ** 2, Video: 512 * 1024 ** 3 };

/** Bytes of a file's head that `looksLike` needs. */
export const HEAD_BYTES = 32;

/** Whether a head can be that of a file of the type. Containers of one family are not told apart. */
export function looksLike(mime: string, head: Buffer): boolean {
  const text = head.toString('latin1');
  const brand = text.slice(4, 8) === 'ftyp' ? text.slice(8, 12) : undefined;
  const isImageBrand = brand !== undefined && /^(avi[fs]|hei[cxms]|hev[cxms]|mif1|msf1)$/.test(brand);
  switch (mime) {
    case 'image/png':
      return text.startsWith('\x89PNG\r\n\x1a\n');
    case 'image/jpeg':
      return text.startsWith('\xff\xd8\xff');
    case 'image/gif':
      return /^GIF8[79]a/.test(text);
    case 'image/bmp':
      return text.startsWith('BM');
    case 'image/tiff':
      return /^(II[*+]\0|MM\0[*+])/.test(text);
    case 'image/webp':
      return /^RIFF.{4}WEBP/s.test(text);
    case 'image/jp2':
      return text.startsWith('\0\0\0\x0cjP  ') || text.startsWith('\xff\x4f\xff\x51');
    case 'image/avif':
    case 'image/heic':
    case 'image/heif':
      return isImageBrand;
    case 'video/x-msvideo':
      return /^RIFF.{4}AVI /s.test(text);
    case 'video/webm':
    case 'video/matroska':
      return text.startsWith('\x1a\x45\xdf\xa3');
    case 'video/x-flv':
      return text.startsWith('FLV') || brand !== undefined;
    case 'video/mpeg':
      return ['\0\0\x01\xb3', '\0\0\x01\xba', 'G'].some((start) => text.startsWith(start));
    case 'video/ogg':
      return text.startsWith('OggS');
    case 'video/x-ms-asf':
      return text.startsWith('\x30\x26\xb2\x75');
    case 'application/vnd.rn-realmedia':
      return text.startsWith('.RMF');
    default: // MP4, QuickTime, M4V and 3GPP
      return !isImageBrand && (brand !== undefined || /^.{4}(moov|mdat|free|skip|wide|pnot)/s.test(text));
  }
}
