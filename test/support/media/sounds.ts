import { u32 } from './boxes';

const RATE = 8000;

/** Silence as WAV. `said`: how many bytes of sound its header tells of; programs that stream it do not know. */
export function wav(seconds: number, said = seconds * RATE * 2): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(Math.min(said + 36, 0xffffffff), 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(said, 40);
  return Buffer.concat([head, Buffer.alloc(seconds * RATE * 2)]);
}

/** A FLAC file whose header tells so many seconds, with cover art. */
export function flacWithCover(seconds: number, cover: Buffer): Buffer {
  const info = Buffer.alloc(34);
  info.writeUInt16BE(4096, 0);
  info.writeUInt16BE(4096, 2);
  info.writeBigUInt64BE((BigInt(RATE) << 44n) | (15n << 36n) | BigInt(seconds * RATE), 10);
  const picture = Buffer.concat([u32(3, 10), Buffer.from('image/jpeg'), u32(0, 512, 512, 24, 0, cover.length), cover]);
  const block = (type: number, body: Buffer): Buffer => Buffer.concat([u32(body.length).fill(type, 0, 1), body]);
  return Buffer.concat([
    Buffer.from('fLaC'),
    block(0, info),
    block(0x86, picture),
    Buffer.from('fff8', 'hex'),
    Buffer.alloc(1000),
  ]);
}

/** A song behind an ID3v2 tag with cover art of that many bytes more than the picture has. */
export function withCover(song: Buffer, cover: Buffer, moreBytes = 0): Buffer {
  const art = Buffer.concat([Buffer.from('\0image/jpeg\0\u0003\0', 'latin1'), cover, Buffer.alloc(moreBytes)]);
  const frame = Buffer.concat([Buffer.from('APIC'), u32(art.length), Buffer.alloc(2), art]);
  const sevenBits = [21, 14, 7, 0].map((shift) => (frame.length >> shift) & 0x7f);
  return Buffer.concat([Buffer.from('ID3'), Buffer.from([3, 0, 0, ...sevenBits]), frame, song]);
}

const KBIT = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];

/** Frames of MPEG audio layer 3 of changing bit rates, without the header that tells their number; 26 ms each. */
export function mp3OfChangingRate(frames: number): Buffer {
  const frame = (rate: number): Buffer => {
    const bytes = Buffer.alloc(Math.floor((144_000 * (KBIT[rate] ?? 0)) / 44_100));
    bytes.set([0xff, 0xfb, rate << 4, 0xc4]);
    return bytes;
  };
  return Buffer.concat(Array.from({ length: frames }, (_, at) => frame(at < frames / 2 ? 14 : 1)));
}
