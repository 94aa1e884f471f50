import { open } from 'node:fs/promises';

const HEAD_BYTES = 8;
/** Boxes that hold other boxes on the way to the tables of offsets. */
const PARENTS: ReadonlySet<string> = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl']);

interface Box {
  type: string;
  /** Where it begins and ends. */
  start: number;
  end: number;
}

function* boxesOf(bytes: Buffer, from = 0, to = bytes.length): Generator<Box> {
  for (let start = from; start + HEAD_BYTES <= to;) {
    const end = start + bytes.readUInt32BE(start);
    yield { type: bytes.toString('latin1', start + 4, start + HEAD_BYTES), start, end };
    start = end;
  }
}

/** Adds to every offset of the samples; wider than 32 bits they need another table, with another length of all parents. */
function shifted(box: Buffer, type: string, shift: bigint): Buffer {
  if (PARENTS.has(type)) {
    const inner = [...boxesOf(box, HEAD_BYTES)].map((one) =>
      shifted(box.subarray(one.start, one.end), one.type, shift),
    );
    return withHead(type, Buffer.concat(inner));
  }
  if (type !== 'stco') return box;
  const count = box.readUInt32BE(12);
  const offsets = Buffer.alloc(count * 8);
  for (let at = 0; at < count; at++) offsets.writeBigUInt64BE(BigInt(box.readUInt32BE(16 + at * 4)) + shift, at * 8);
  return withHead('co64', Buffer.concat([box.subarray(HEAD_BYTES, 16), offsets]));
}

function withHead(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(body.length + HEAD_BYTES);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

/**
 * Writes the video `clip` (an MPEG-4 file) as one of `sizeBytes`, as cameras do: its samples behind a hole, its index
 * at the very end. The hole takes no room on the disk.
 */
export async function writeLargeVideo(file: string, clip: Buffer, sizeBytes: number): Promise<void> {
  const boxes = [...boxesOf(clip)];
  const one = (type: string): Buffer => {
    const found = boxes.find((box) => box.type === type);
    if (!found) throw new Error(`the clip has no box "${type}"`);
    return clip.subarray(found.start, found.end);
  };
  const type = one('ftyp');
  const samples = one('mdat').subarray(HEAD_BYTES);
  const samplesAt = (boxes.find((box) => box.type === 'mdat')?.start ?? 0) + HEAD_BYTES;
  const indexBytes = shifted(one('moov'), 'moov', 0n).length;
  const movedTo = sizeBytes - indexBytes - samples.length;
  const head = Buffer.alloc(16);
  head.writeUInt32BE(1); // the length follows in 64 bits
  head.write('mdat', 4, 'latin1');
  head.writeBigUInt64BE(BigInt(sizeBytes - indexBytes - type.length), HEAD_BYTES);
  const handle = await open(file, 'w');
  try {
    await handle.write(Buffer.concat([type, head]), 0, undefined, 0);
    await handle.write(samples, 0, undefined, movedTo);
    await handle.write(shifted(one('moov'), 'moov', BigInt(movedTo - samplesAt)), 0, undefined, sizeBytes - indexBytes);
  } finally {
    await handle.close();
  }
}
