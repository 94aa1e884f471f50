import { crc32, deflateSync } from 'node:zlib';

/** Small media that recorders and browsers write, made here byte by byte. */

/** ADTS frames of silence: raw AAC, which stores no duration. */
export function adtsAac(frames: number): Buffer {
  const payload = Buffer.from([0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c]); // an empty stereo frame of AAC-LC
  const length = payload.length + 7;
  const header = Buffer.from([
    0xff,
    0xf1,
    0x50,
    0x80 | (length >> 11),
    (length >> 3) & 0xff,
    ((length & 7) << 5) | 0x1f,
    0xfc,
  ]);
  return Buffer.concat(Array.from({ length: frames }, () => Buffer.concat([header, payload])));
}

/** What a browser's MediaRecorder writes: clusters of unknown length, and no duration. */
export function liveMatroska(docType: 'webm' | 'matroska', seconds: number): Buffer {
  const video = Buffer.concat([element('b0', uint(640, 2)), element('ba', uint(480, 2))]);
  const track = [
    element('d7', uint(1)),
    element('73c5', uint(1)),
    element('83', uint(1)),
    element('86', Buffer.from('V_VP8')),
    element('e0', video),
  ];
  const clusters = Array.from({ length: seconds }, (_, second) => {
    const blocks = [0, 500].map((at) => element('a3', Buffer.concat([Buffer.from([0x81]), uint(at, 2), VP8_FRAME])));
    return Buffer.concat([master('1f43b675'), element('e7', uint(second * 1000, 4)), ...blocks]);
  });
  return Buffer.concat([
    element('1a45dfa3', Buffer.concat([element('4282', Buffer.from(docType)), element('4287', uint(4))])),
    master('18538067'),
    element('1549a966', Buffer.concat([element('2ad7b1', uint(1_000_000, 4)), element('4d80', Buffer.from('test'))])),
    element('1654ae6b', element('ae', Buffer.concat(track))),
    ...clusters,
  ]);
}

/** Key, 640x480. */
const VP8_FRAME = Buffer.concat([Buffer.from('1002009d012a8002e001', 'hex'), Buffer.alloc(64, 0x55)]);

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const element = (id: string, body: Buffer): Buffer => Buffer.concat([hex(id), sizeOf(body.length), body]);
/** An element whose length nobody knew when it was begun. */
const master = (id: string): Buffer => Buffer.concat([hex(id), hex('01ffffffffffffff')]);

function sizeOf(length: number): Buffer {
  const size = uint(length, 4);
  size[0] = (size[0] ?? 0) | 0x10;
  return size;
}

function uint(value: number, bytes = 1): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

/** An animated PNG of that many grey frames. */
export function animatedPng(side: number, frames: number): Buffer {
  const pixels = deflateSync(Buffer.alloc((side + 1) * side));
  const control = (sequence: number): Buffer =>
    Buffer.concat([
      uint(sequence, 4),
      uint(side, 4),
      uint(side, 4),
      Buffer.alloc(8),
      uint(1, 2),
      uint(10, 2),
      Buffer.alloc(2),
    ]);
  const later = Array.from({ length: frames - 1 }, (_, at) => [
    chunk('fcTL', control(2 * at + 1)),
    chunk('fdAT', Buffer.concat([uint(2 * at + 2, 4), pixels])),
  ]).flat();
  return Buffer.concat([
    hex('89504e470d0a1a0a'),
    chunk('IHDR', Buffer.concat([uint(side, 4), uint(side, 4), hex('0800000000')])),
    chunk('acTL', Buffer.concat([uint(frames, 4), uint(0, 4)])),
    chunk('fcTL', control(0)),
    chunk('IDAT', pixels),
    ...later,
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), body]);
  return Buffer.concat([uint(body.length, 4), named, uint(crc32(named), 4)]);
}

/** An animated WebP of that many frames; their pixels are not there, only their sizes. */
export function animatedWebp(side: number, frames: number): Buffer {
  const pair = Buffer.alloc(6);
  pair.writeUIntLE(side - 1, 0, 3);
  pair.writeUIntLE(side - 1, 3, 3);
  const lossless = Buffer.concat([hex('2f'), lossy(side), hex('0000')]);
  const frame = Buffer.concat([Buffer.alloc(6), pair, hex('640000'), hex('00'), riff('VP8L', lossless)]);
  const body = [
    riff('VP8X', Buffer.concat([hex('02000000'), pair])),
    riff('ANIM', Buffer.alloc(6)),
    ...Array.from({ length: frames }, () => riff('ANMF', frame)),
  ];
  return riff('RIFF', Buffer.concat([Buffer.from('WEBP'), ...body]));
}

function lossy(side: number): Buffer {
  const bits = Buffer.alloc(4);
  bits.writeUInt32LE((side - 1) | ((side - 1) << 14));
  return bits;
}

function riff(type: string, body: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(body.length);
  return Buffer.concat([Buffer.from(type), size, body, Buffer.alloc(body.length % 2)]);
}

/** An animated GIF of that many frames, all of one colour. */
export function animatedGif(side: number, frames: number): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt16LE(side, 0);
  size.writeUInt16LE(side, 2);
  const frame = Buffer.concat([hex('21f904000a000000'), hex('2c00000000'), size, hex('00'), hex('02024c0100')]);
  const head = Buffer.concat([Buffer.from('GIF89a'), size, hex('800000'), hex('000000ffffff')]);
  return Buffer.concat([head, ...Array.from({ length: frames }, () => frame), hex('3b')]);
}
