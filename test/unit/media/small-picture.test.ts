import { MediaReader } from '../../../src/media/media-reader';
import { smallPicture } from '../../../src/media/small-picture';
import { jpeg } from '../../support/media/pictures';
import { sampleBytes, sourceOf } from '../../support/media/sources';
import { uniqueJpeg } from '../../support/media/unique-jpeg';

const png = sampleBytes('portrait-2.png');
const IHDR_END = 33;
const chunk = (type: string, data: Buffer): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.byteLength);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, data, Buffer.alloc(4)]);
};
const withChunk = (type: string, data: Buffer): Buffer =>
  Buffer.concat([png.subarray(0, IHDR_END), chunk(type, data), png.subarray(IHDR_END)]);

/** A JPEG whose EXIF header says that it is to be turned. */
function turned(): Buffer {
  const exif = Buffer.from('4578696600004d4d002a00000008000101120003000000010006000000000000', 'hex');
  const head = Buffer.from([0xff, 0xe1, 0, exif.byteLength + 2]);
  const whole = sampleBytes('portrait-3.jpg');
  return Buffer.concat([whole.subarray(0, 2), head, exif, whole.subarray(2)]);
}

/** One byte more than is read first makes the reader ask MediaInfo. */
const byMediaInfo = async (name: string, bytes: Buffer) => {
  const facts = await new MediaReader().factsOf(sourceOf(name, Buffer.concat([bytes, Buffer.alloc(64 * 1024)])));
  return facts && { ...facts };
};

test.each([
  ['a.jpg', sampleBytes('portrait-1.jpg')],
  ['b.jpg', uniqueJpeg('of many')],
  ['c.jpg', jpeg(7, 9000)],
  ['d.png', png],
])('the header of %s tells what MediaInfo tells', async (name, bytes) => {
  expect(smallPicture(bytes)).toEqual(await byMediaInfo(name, bytes));
});

test.each([
  ['a video', sampleBytes('clip.mp4')],
  ['a picture that ends too soon', sampleBytes('portrait-1.jpg').subarray(0, 20_000)],
  ['a photo with a video behind it', Buffer.concat([sampleBytes('portrait-3.jpg'), sampleBytes('clip.mp4')])],
  ['a picture that is to be turned', turned()],
  ['a picture with several frames', withChunk('acTL', Buffer.alloc(8))],
  ['a picture whose pixels are not square', withChunk('pHYs', Buffer.from('000000020000000100', 'hex'))],
  ['text', Buffer.from('no picture')],
])('%s is left to MediaInfo', (_what, bytes) => {
  expect(smallPicture(bytes)).toBeUndefined();
});
