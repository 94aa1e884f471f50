import type { Readable } from 'node:stream';

/** Bytes that can be read in pieces and more than once, wherever they lie: on a disk or in S3-compatible storage. */
export interface SourceBytes {
  readonly filename: string;
  readonly sizeBytes: number;
  /** Changes when the content may have changed. */
  readonly fingerprint: string;
  /**
   * Tells content apart across runs and hosts: the type of the source, a colon, and at most 100 characters that say
   * nothing of where it lies or when it was written.
   */
  readonly content: string;
  /** All bytes, where they are few and were read when the source was looked at. */
  readonly small?: Buffer;
  /** The bytes of a small one, once it is sure that they are still its content; cheaper than a stream. */
  readSmall?(): Promise<Buffer>;
  /** RFC 3339, to the millisecond; of files. */
  readonly modifiedAt?: string;
  /**
   * The bytes of `range` (`end` exclusive), or all, with flat memory.
   * A source may read straight into `into`, one piece after the other from its start on, and then gives views of it;
   * one that gets its bytes in buffers of their own gives those. Where `into` is smaller than the range, it is begun anew
   * at its end, in pieces of at most an eighth of it: a piece is whole until half of `into` was read after it.
   * The stream fails with SourceUnreadable when the content changed since it was looked at, or ended early.
   */
  read(range?: { start: number; end: number }, into?: Buffer): Readable;
}
