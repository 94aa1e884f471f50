import type { SourceBytes } from './source-bytes';

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

/**
 * A local file that was found fit to be a source: regular, inside a source root, readable, not empty. It is held to the
 * size, modification time and inode that it had when it was looked at, by every read, before and after.
 */
export interface SourceFile extends SourceBytes {
  /** Absolute, with every symlink resolved. */
  readonly path: string;
  /** The name it was asked for by, not the symlink's target. */
  readonly filename: string;
  /** Size, modification time, inode and a SHA-256 over a sample of the content: see `source-fingerprint.ts`. */
  readonly fingerprint: string;
}
