import { deflateSync } from 'node:zlib';
import type { MediaFacts } from '../../../src/media/media-facts';
import { MediaReader } from '../../../src/media/media-reader';
import { adtsAac, animatedGif, animatedPng, animatedWebp, liveMatroska } from '../../support/media/media-bytes';
import { fragments, mp4 } from '../../support/media/mp4';
import { jpeg } from '../../support/media/pictures';
import { flacWithCover, mp3OfChangingRate, wav, withCover } from '../../support/media/sounds';
import { sampleBytes, sourceOf } from '../../support/media/sources';

const reader = new MediaReader();
const factsOf = (filename: string, content: Buffer): Promise<MediaFacts | undefined> =>
  reader.factsOf(sourceOf(filename, content));

const video = { kind: 'video', width: 640, height: 360, durationSec: 10 } as const;
const audio = { kind: 'audio', durationSec: 10 } as const;
const cover = sampleBytes('portrait-1.jpg');
const pdf = Buffer.from('%PDF-1.4\n1 0 obj\n<<>>\nendobj\nxref\n0 1\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n');
const noise = deflateSync(Buffer.alloc(3000, 'no media, only noise')).subarray(2);

test.each<[string, string, Buffer, Partial<MediaFacts>]>([
  [
    'a video',
    'clip.mp4',
    sampleBytes('clip.mp4'),
    { kind: 'video', durationSec: 10, videoStreams: 1, audioStreams: 1 },
  ],
  ['a song', 'melody.mp3', sampleBytes('melody.mp3'), { kind: 'audio', container: 'MPEG Audio', durationSec: 12.042 }],
  ['a JPEG', 'a.jpg', cover, { kind: 'image', container: 'JPEG', sizes: [{ width: 512, height: 512 }] }],
  ['a PNG', 'a.png', sampleBytes('portrait-2.png'), { kind: 'image', container: 'PNG' }],
  ['an index at the end', 'a.mp4', mp4({ tracks: [video], index: 'last' }), { kind: 'video', durationSec: 10 }],
  ['a WAV', 'a.wav', wav(5), { kind: 'audio', container: 'Wave', durationSec: 5 }],
  ['an MP3 of changing rate', 'a.mp3', mp3OfChangingRate(230), { kind: 'audio', durationSec: 6.008 }],
  ['a video that only sounds', 'a.mp4', mp4({ tracks: [audio] }), { kind: 'audio', container: 'MPEG-4', sizes: [] }],
  ['a fragmented one', 'a.mp4', fragments(video, 5), { kind: 'video', durationSec: 10 }],
])('tells what is in %s', async (_what, filename, content, expected) => {
  expect(await factsOf(filename, content)).toMatchObject(expected);
});

test('a portrait video that is stored lying is told upright', async () => {
  const lying = { ...video, width: 1920, height: 1080, rotation: 90 } as const;
  expect((await factsOf('phone.mp4', mp4({ tracks: [lying] })))?.sizes).toEqual([{ width: 1080, height: 1920 }]);
});

test('pixels that are not square give the size as stored and as shown', async () => {
  const wide = { ...video, width: 1440, height: 1080, pixelAspect: [4, 3] } as const;
  const sizes = (await factsOf('hdv.mp4', mp4({ tracks: [wide] })))?.sizes;
  expect(sizes).toEqual([
    { width: 1440, height: 1080 },
    { width: 1920, height: 1080 },
  ]);
});

test('several video streams give all their sizes', async () => {
  const small = { ...video, width: 320, height: 240 };
  const facts = await factsOf('two.mp4', mp4({ tracks: [small, video] }));
  expect(facts).toMatchObject({ videoStreams: 2, sizes: [{ width: 320 }, { width: 640 }] });
});

test.each([
  ['an MP3', 'a.mp3', withCover(sampleBytes('melody.mp3'), cover)],
  ['a FLAC', 'a.flac', flacWithCover(12, cover)],
])('the cover of %s makes it neither image nor video', async (_what, filename, content) => {
  const facts = await factsOf(filename, content);
  expect(facts).toMatchObject({ kind: 'audio', sizes: [], videoStreams: 0 });
  expect(Math.round(facts?.durationSec ?? 0)).toBe(12);
});

test.each([
  ['GIF', animatedGif(64, 3)],
  ['APNG', animatedPng(64, 3)],
  ['WebP', animatedWebp(64, 3)],
])('a moving %s is an image without a duration', async (container, content) => {
  const facts = await factsOf('moving', content);
  expect(facts).toMatchObject({ kind: 'image', container, sizes: [{ width: 64, height: 64 }], videoStreams: 0 });
  expect(facts?.durationSec).toBeUndefined();
});

test.each([
  ['a fragmented file whose index tells none', 'a.mp4', mp4({ tracks: [video, audio], fragmented: true })],
  ['what a browser records', 'a.webm', liveMatroska('webm', 6)],
  ['raw AAC', 'a.aac', adtsAac(200)],
  ['a WAV that was streamed, with the largest length', 'a.wav', wav(2, 0xffffffff)],
  ['a WAV that was streamed, with no length', 'a.wav', wav(2, 0)],
])('tells no duration of %s', async (_what, filename, content) => {
  const facts = await factsOf(filename, content);
  expect(facts?.kind).toBeDefined();
  expect(facts?.durationSec).toBeUndefined();
});

test.each<[string, string, Buffer, MediaFacts['kind']]>([
  ['text named as a video', 'a.mp4', Buffer.from('this is not a video\n'), 'document'],
  ['a page of errors', 'a.jpg', Buffer.from('<!doctype html><title>404</title>'), 'document'],
  ['a PDF', 'a.pdf', pdf, 'document'],
  ['noise named as a video', 'a.mp4', noise, 'none'],
  ['noise named as a song', 'a.mp3', noise, 'none'],
  ['an MPEG-4 file without streams', 'a.mp4', mp4({ tracks: [] }), 'none'],
  ['an MPEG-4 file with subtitles only', 'a.mp4', mp4({ tracks: [{ kind: 'subtitles', durationSec: 5 }] }), 'none'],
  ['noise of an unknown name', 'a.y4m', noise, undefined],
  ['an MPEG-4 file whose index was never written', 'a.mp4', mp4({ tracks: [video], index: 'missing' }), undefined],
  ['one that was cut before its index', 'a.mp4', mp4({ tracks: [video], index: 'last' }).subarray(0, 900), undefined],
])('%s', async (_what, filename, content, kind) => {
  const facts = await factsOf(filename, content);
  expect(facts).toBeDefined();
  expect(facts?.kind).toBe(kind);
});

test('a video that was cut behind its index says so, and what its index tells', async () => {
  const facts = await factsOf('cut.mp4', sampleBytes('clip.mp4').subarray(0, 60_000));
  expect(facts).toMatchObject({ kind: 'video', durationSec: 10, cutShort: true });
});

test('a photo is an image, whatever size it tells', async () => {
  expect((await factsOf('pano.jpg', jpeg(5000, 500)))?.sizes).toEqual([{ width: 5000, height: 500 }]);
});
