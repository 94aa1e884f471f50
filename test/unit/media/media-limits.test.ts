import type { MediaItem } from '../../../src/media/media-facts';
import { acceptInput, mediaRefusal } from '../../../src/providers/registry';

const source = { type: 'file', path: '/media/a' };
const refusal = (branch: object, media: Partial<MediaItem>): string | undefined =>
  mediaRefusal(acceptInput({ source, branch }), {
    ...{ field: 'source.path', filename: 'film.mp4', sizeBytes: 1000, kind: 'video', container: 'MPEG-4' },
    ...{ sizes: [{ width: 1280, height: 720 }], videoStreams: 1, audioStreams: 1, durationSec: 60 },
    ...media,
  });
const EMBED = { type: 'embed' };
const INDEX = { type: 'index', indexId: 'i1' };
const size = (width: number, height: number): Partial<MediaItem> => ({ sizes: [{ width, height }] });
const picture = { filename: 'a.png', kind: 'image', container: 'PNG', durationSec: undefined } as const;
const sound = { filename: 'a.mp3', kind: 'audio', container: 'MPEG Audio', sizes: [], videoStreams: 0 } as const;

test.each<[string, object, Partial<MediaItem>]>([
  ['4 s', EMBED, { durationSec: 4 }],
  ['4 h', INDEX, { durationSec: 14_400 }],
  ['4 GB', EMBED, { sizeBytes: 4 * 1024 ** 3 }],
  ['360x360', EMBED, size(360, 360)],
  ['5184x2160', INDEX, size(5184, 2160)],
  ['upright 2160x5184', INDEX, size(2160, 5184)],
  ['2.4:1', EMBED, size(2400, 1000)],
  ['1:2.4', EMBED, size(1000, 2400)],
  [
    'one of two possible sizes',
    EMBED,
    {
      sizes: [
        { width: 100, height: 100 },
        { width: 640, height: 360 },
      ],
    },
  ],
  ['no known size', EMBED, { sizes: [] }],
  ['no known duration', EMBED, { durationSec: undefined }],
  ['128x128', EMBED, { ...picture, ...size(128, 128) }],
  ['an image of 32 MB', EMBED, { ...picture, sizeBytes: 32 * 1024 ** 2 }],
  ['a long thin image, for which nothing is published', EMBED, { ...picture, ...size(5000, 128) }],
  ['MP3', EMBED, sound],
  ['another container, for another model', { ...EMBED, model: 'marengo3.5' }, { ...sound, container: 'Ogg' }],
  ['an image in an index, of which nothing is published', INDEX, { ...picture, ...size(50, 50) }],
])('%s is let through', (_what, branch, media) => {
  expect(refusal(branch, media)).toBeUndefined();
});

test.each<[string, object, Partial<MediaItem>, RegExp]>([
  ['just under 4 s', EMBED, { durationSec: 3.999 }, /4 s to 4 h; film\.mp4 lasts 3\.999 s/],
  ['just over 4 h', INDEX, { durationSec: 14_400.5 }, /lasts 4 h 0 min 1 s/],
  ['just over 4 GB', EMBED, { sizeBytes: 4 * 1024 ** 3 + 1 }, /up to 4 GB; film\.mp4 has 4294967297 bytes/],
  ['359 pixels', EMBED, size(640, 359), /360x360 to 5184x2160 pixels; film\.mp4 is 640x359/],
  ['5185 pixels', INDEX, size(5185, 2160), /film\.mp4 is 5185x2160/],
  ['2161 lines', INDEX, size(5184, 2161), /film\.mp4 is 5184x2161/],
  ['just over 2.4:1', EMBED, size(2401, 1000), /1:2\.4 to 2\.4:1; film\.mp4 is 2401x1000 \(2\.41:1\)/],
  ['just under 1:2.4', EMBED, size(1000, 2401), /film\.mp4 is 1000x2401 \(1:2\.41\)/],
  ['127 pixels', EMBED, { ...picture, ...size(500, 127) }, /128x128 pixels or more; a\.png is 500x127/],
  ['an image over 32 MB', EMBED, { ...picture, sizeBytes: 32 * 1024 ** 2 + 1 }, /up to 32 MB/],
  ['a GIF', EMBED, { ...picture, container: 'GIF' }, /JPEG or PNG; a\.png is GIF/],
  ['Ogg', EMBED, { ...sound, container: 'Ogg', codec: 'Vorbis' }, /WAV, MP3 or FLAC; a\.mp3 is Vorbis in Ogg/],
])('%s is refused, naming the measured and the allowed value', (_what, branch, media, words) => {
  expect(refusal(branch, media)).toMatch(words);
});
