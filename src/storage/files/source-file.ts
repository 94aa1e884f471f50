import type { SourceBytes } from './source-bytes';

/**
 * A local file that was found fit to be a source: regular, inside a source root, readable, not empty, and at
 * rest. It is held to the size, modification time and content that it had then, by every read, before and after.
 */
export interface SourceFile extends SourceBytes {
  /** Absolute, with every symlink resolved. */
  readonly path: string;
  /** The name it was asked for by, not the symlink's target. */
  readonly filename: string;
  /** Size, modification time, inode and a SHA-256 over a sample of the content: see `source-fingerprint.ts`. */
  readonly fingerprint: string;
}
