import { addAbortSignal } from 'node:stream';
import type { SourceBytes } from '../storage/files/source-bytes';

export type Readable = Pick<SourceBytes, 'sizeBytes' | 'read' | 'small'>;

/** Bytes of the first read, which also says whether a tag is to be skipped. */
export const HEAD_BYTES = 64 * 1024;
/** ID3v2: "ID3", version, flags, and a length of four times seven bits. */
const TAG_HEAD_BYTES = 10;
const TAG_FOOTER_FLAG = 0x10;
/** Begins every fragment of an MPEG-4 file. */
const FRAGMENT = Buffer.from('moof');

/**
 * Reads ranges of a source until a budget is spent; then it gives no more bytes, as if the file ended there. An ID3v2
 * tag at the front does not count as part of the file: its cover art may be larger than the budget.
 */
export class BoundedReads {
  /** Less was given than asked for, since the budget was spent. */
  isPartial = false;
  /** The file is in fragments, so that its whole length is known only at its end. */
  isFragmented = false;
  /** Bytes read so far. */
  read = 0;

  private constructor(
    private readonly bytes: Readable,
    readonly head: Buffer,
    private readonly skip: number,
    private readonly budget: number,
    private readonly stop: AbortSignal,
  ) {
    this.read = head.byteLength;
  }

  static async open(bytes: Readable, budget: number, stop: AbortSignal): Promise<BoundedReads> {
    const head = bytes.small ?? (await rangeOf(bytes, { start: 0, end: Math.min(HEAD_BYTES, bytes.sizeBytes) }, stop));
    return new BoundedReads(bytes, head, tagBytes(head, bytes.sizeBytes), budget, stop);
  }

  /** Without the tag. */
  get sizeBytes(): number {
    return this.bytes.sizeBytes - this.skip;
  }

  async at(position: number, length: number): Promise<Buffer> {
    this.stop.throwIfAborted();
    const start = position + this.skip;
    if (start < this.head.byteLength) return this.noting(this.head.subarray(start, start + length));
    const end = Math.min(start + length, this.bytes.sizeBytes, start + this.budget - this.read);
    if (end < Math.min(start + length, this.bytes.sizeBytes)) this.isPartial = true;
    if (end <= start) return Buffer.alloc(0);
    const piece = await rangeOf(this.bytes, { start, end }, this.stop);
    this.read += piece.byteLength;
    return this.noting(piece);
  }

  private noting(piece: Buffer): Buffer {
    this.isFragmented ||= piece.includes(FRAGMENT);
    return piece;
  }
}

async function rangeOf(bytes: Readable, range: { start: number; end: number }, stop: AbortSignal): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of addAbortSignal(stop, bytes.read(range)) as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Bytes of an ID3v2 tag at the front; 0 if there is none, or nothing behind it. */
function tagBytes(head: Buffer, sizeBytes: number): number {
  if (head.byteLength < TAG_HEAD_BYTES || head.toString('latin1', 0, 3) !== 'ID3') return 0;
  const sevenBits = [...head.subarray(6, TAG_HEAD_BYTES)];
  if (sevenBits.some((byte) => byte > 0x7f)) return 0;
  const body = sevenBits.reduce((length, byte) => length * 128 + byte, 0);
  const footer = ((head[5] ?? 0) & TAG_FOOTER_FLAG) === 0 ? 0 : TAG_HEAD_BYTES;
  const length = TAG_HEAD_BYTES + body + footer;
  return length < sizeBytes ? length : 0;
}
