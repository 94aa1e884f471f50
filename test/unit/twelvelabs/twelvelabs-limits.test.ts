import { maxDirectBytes, maxMultipartBytes, maxUrlBytes } from '../../../src/providers/twelvelabs/intake/limits';

const MEBIBYTE = 1024 ** 2;
const GIBIBYTE = 1024 ** 3;

test.each([
  ['film.mp4', 10 * GIBIBYTE, 'the limit for video uploaded in parts is 10 GB'],
  ['talk.FLAC', 10 * GIBIBYTE, 'the limit for audio uploaded in parts is 10 GB'],
  ['face.jpeg', 32 * MEBIBYTE, 'the limit for an image is 32 MB'],
])('%s may be uploaded in parts up to %i bytes', (filename, limitBytes, why) => {
  expect(maxMultipartBytes(filename)).toEqual({ limitBytes, why });
});

test.each(['notes.pdf', 'mp4', ''])('"%s" cannot be uploaded in parts, and why says what can', (filename) => {
  const { limitBytes, why } = maxMultipartBytes(filename);
  expect(limitBytes).toBe(0);
  expect(why).toMatch(/only video, audio and images in parts.*at most 200 MB/);
});

test.each([
  ['film.mp4', 200 * MEBIBYTE, 4 * GIBIBYTE],
  ['face.png', 32 * MEBIBYTE, 32 * MEBIBYTE],
])('%s has other limits when it is uploaded in one piece, or fetched', (filename, direct, url) => {
  expect(maxDirectBytes(filename).limitBytes).toBe(direct);
  expect(maxUrlBytes(filename).limitBytes).toBe(url);
});
