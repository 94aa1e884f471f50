import type { Readable } from 'node:stream';

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
