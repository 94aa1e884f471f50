import { box, fullBox, u16, u32 } from './boxes';

export interface Mp4Track {
  kind: 'video' | 'audio' | 'subtitles';
  width?: number;
  height?: number;
  /** Seconds; 0 in the index of a fragmented file. */
  durationSec: number;
  /** How a player is to turn it. */
  rotation?: 0 | 90;
  /** Width to height of one pixel. */
  pixelAspect?: readonly [number, number];
}

export interface Mp4 {
  tracks: readonly Mp4Track[];
  /** Fragments follow, and the index has no times. */
  fragmented?: boolean;
  /** Where the index lies. */
  index?: 'first' | 'last' | 'missing';
}

const TIMESCALE = 1000;
const FRAME_BYTES = 64;
const FRAMES_A_SECOND = 2;

const FILE_TYPE = box('ftyp', Buffer.from('isom'), u32(512), Buffer.from('isomiso2mp41'));

/** An MPEG-4 file with VP9 and AAC tracks of noise: small, and its index says what is asked for. */
export function mp4(file: Mp4): Buffer {
  const { tracks, fragmented = false, index = 'first' } = file;
  const frames = tracks.map(({ durationSec }) =>
    fragmented ? 0 : Math.max(1, Math.round(durationSec * FRAMES_A_SECOND)),
  );
  const media = box(
    'mdat',
    Buffer.alloc(
      Math.max(
        1,
        frames.reduce((sum, one) => sum + one, 0),
      ) * FRAME_BYTES,
      0x55,
    ),
  );
  const moovAt = (mediaAt: number): Buffer => {
    let at = mediaAt + 8;
    const offsets = frames.map((count) => {
      const start = at;
      at += count * FRAME_BYTES;
      return start;
    });
    return moov(file, frames, offsets);
  };
  if (index === 'missing') return Buffer.concat([FILE_TYPE, media]);
  if (index === 'last') return Buffer.concat([FILE_TYPE, media, moovAt(FILE_TYPE.length)]);
  const length = moovAt(0).length;
  return Buffer.concat([FILE_TYPE, moovAt(FILE_TYPE.length + length), media]);
}

function moov({ tracks, fragmented = false }: Mp4, frames: readonly number[], offsets: readonly number[]): Buffer {
  const longest = fragmented ? 0 : Math.max(0, ...tracks.map(({ durationSec }) => durationSec));
  const header = fullBox('mvhd', 0, u32(0, 0, TIMESCALE, longest * TIMESCALE), MOVIE_REST, u32(tracks.length + 1));
  const traks = tracks.map((track, at) =>
    trak(track, { id: at + 1, fragmented, frames: frames[at] ?? 0, offset: offsets[at] ?? 0 }),
  );
  const extend = fragmented ? [box('mvex', ...tracks.map((_, at) => fullBox('trex', 0, u32(at + 1, 1, 0, 0, 0))))] : [];
  return box('moov', header, ...traks, ...extend);
}

const IDENTITY = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];
const QUARTER_TURN = [0, 0x10000, 0, 0xffff0000, 0, 0, 0, 0, 0x40000000];
/** Rate, volume, reserved, matrix and previews of the movie's header. */
const MOVIE_REST = Buffer.concat([u32(0x10000), u16(0x100, 0), u32(0, 0), u32(...IDENTITY), Buffer.alloc(24)]);

interface Placed {
  id: number;
  fragmented: boolean;
  frames: number;
  offset: number;
}

function trak(track: Mp4Track, { id, fragmented, frames, offset }: Placed): Buffer {
  const { kind, width = 0, height = 0, rotation = 0 } = track;
  const duration = fragmented ? 0 : Math.round(track.durationSec * TIMESCALE);
  const matrix = u32(...(rotation === 90 ? QUARTER_TURN : IDENTITY));
  const head = fullBox(
    'tkhd',
    3,
    u32(0, 0, id, 0, duration, 0, 0),
    u16(0, 0, kind === 'audio' ? 0x100 : 0, 0),
    matrix,
    u32(width * 0x10000, height * 0x10000),
  );
  const handler = { video: 'vide', audio: 'soun', subtitles: 'sbtl' }[kind];
  const information = {
    video: fullBox('vmhd', 1, u16(0, 0, 0, 0)),
    audio: fullBox('smhd', 0, u32(0)),
    subtitles: fullBox('nmhd', 0),
  };
  const table = box(
    'stbl',
    fullBox('stsd', 0, u32(1), entryOf(track)),
    fullBox('stts', 0, frames === 0 ? u32(0) : u32(1, frames, Math.round(duration / frames))),
    fullBox('stsc', 0, frames === 0 ? u32(0) : u32(1, 1, frames, 1)),
    fullBox('stsz', 0, u32(FRAME_BYTES, frames)),
    fullBox('stco', 0, frames === 0 ? u32(0) : u32(1, offset)),
  );
  const references = box('dinf', fullBox('dref', 0, u32(1), fullBox('url ', 1)));
  const media = box(
    'mdia',
    fullBox('mdhd', 0, u32(0, 0, TIMESCALE, duration), u16(0x55c4, 0)),
    fullBox('hdlr', 0, u32(0), Buffer.from(handler), Buffer.alloc(12), Buffer.from('\0')),
    box('minf', information[kind], references, table),
  );
  return box('trak', head, media);
}

function entryOf({ kind, width = 0, height = 0, pixelAspect }: Mp4Track): Buffer {
  const head = [Buffer.alloc(6), u16(1)];
  if (kind === 'subtitles') return box('tx3g', ...head, Buffer.alloc(30));
  if (kind === 'audio') return box('mp4a', ...head, Buffer.alloc(8), u16(2, 16, 0, 0), u32(48_000 * 0x10000));
  const aspect = pixelAspect ? [box('pasp', u32(...pixelAspect))] : [];
  const picture = [
    Buffer.alloc(16),
    u16(width, height),
    u32(0x480000, 0x480000, 0),
    u16(1),
    Buffer.alloc(32),
    u16(24, 0xffff),
  ];
  return box('vp09', ...head, ...picture, fullBox('vpcC', 0x01000000, [0, 31, 0x82, 1, 1, 1, 0, 0]), ...aspect);
}

/** A fragmented file of one track, each fragment of two seconds with frames of that size; no index tells its length. */
export function fragments(track: Mp4Track, count: number, frameBytes = 500): Buffer {
  const whole = mp4({ tracks: [track], fragmented: true });
  const head = whole.subarray(0, whole.length - FRAME_BYTES - 8);
  const one = (at: number): Buffer => {
    const run = (offset: number): Buffer =>
      fullBox('trun', 0x301, u32(2, offset, TIMESCALE, frameBytes, TIMESCALE, frameBytes));
    const moof = (offset: number): Buffer =>
      box(
        'moof',
        fullBox('mfhd', 0, u32(at + 1)),
        box('traf', fullBox('tfhd', 0x20000, u32(1)), fullBox('tfdt', 0, u32(at * 2 * TIMESCALE)), run(offset)),
      );
    return Buffer.concat([moof(moof(0).length + 8), box('mdat', Buffer.alloc(frameBytes * 2, 0x55))]);
  };
  return Buffer.concat([head, ...Array.from({ length: count }, (_, at) => one(at))]);
}
