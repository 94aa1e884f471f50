import type { Readable } from 'node:stream';

export type FileKind = 'video' | 'audio' | 'image';

const EXTENSIONS: Readonly<Record<FileKind, RegExp>> = {
  video: /\.(mp4|mov|avi|mkv|webm|m4v|mpe?g|ts|flv|wmv)$/i,
  audio: /\.(mp3|wav|flac|m4a|aac|ogg|opus)$/i,
  image: /\.(jpe?g|png|webp|gif|bmp|tiff?|heic|avif)$/i,
};

/** What a file's name says it is; its bytes are not looked at. */
export function kindOfFile(filename: string): FileKind | 'other' {
  const kinds = Object.keys(EXTENSIONS) as FileKind[];
  return kinds.find((kind) => EXTENSIONS[kind].test(filename)) ?? 'other';
}

/** A local file that was found fit to be a source: regular, inside a source root, readable, not empty. */
export interface SourceFile {
  /** Absolute, with every symlink resolved. */
  readonly path: string;
  /** The name it was asked for by, not the symlink's target. */
  readonly filename: string;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  /**
   * Its bytes, exactly `sizeBytes` of them, with flat memory.
   * The stream fails with SourceUnreadable when the file ends early, grew or was changed since it was looked at.
   */
  read(): Readable;
}
