import path from 'node:path';
import { lookup } from 'mime-types';

export type FileKind = 'video' | 'audio' | 'image';

/** Extensions that the table of MIME types lacks or maps to a type that is no media. */
const ADDITIONS: Readonly<Record<FileKind, readonly string[]>> = {
  video: 'mts m2ts m2t tp trp mxf gxf dv mod tod divx ogm insv lrv braw r3d rm rmvb wtv ivf y4m nut'.split(' '),
  audio: 'ac3 eac3 ape wv tta w64 gsm m4b awb voc'.split(' '),
  image: 'jfif jxl dng'.split(' '),
};

const KINDS = Object.keys(ADDITIONS) as FileKind[];

/** Kind of file by its name only; the bytes are not read. */
export function kindOfFile(filename: string): FileKind | 'other' {
  const extension = path.extname(filename).slice(1).toLowerCase();
  const added = KINDS.find((kind) => ADDITIONS[kind].includes(extension));
  if (added) return added;
  const type = extension === '' ? false : lookup(extension);
  return KINDS.find((kind) => type && type.startsWith(`${kind}/`)) ?? 'other';
}
