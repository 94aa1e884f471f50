import type { AudioTrack, GeneralTrack, ImageTrack, Track, VideoTrack } from 'mediainfo.js';

const CODECS: Record<string, string> = { AVC: 'h264', HEVC: 'hevc', 'MPEG Audio': 'mp3', 'MPEG-4 Visual': 'mpeg4' };
const CONTAINERS: Record<string, string> = {
  'MPEG-4': 'mov,mp4,m4a,3gp,3g2,mj2',
  Matroska: 'matroska,webm',
  WebM: 'matroska,webm',
  'MPEG Audio': 'mp3',
  Wave: 'wav',
};

export interface Tracks {
  general: GeneralTrack | undefined;
  video: VideoTrack[];
  audio: AudioTrack[];
  image: ImageTrack[];
}

/** Moving pictures count as images, although MediaInfo gives their frames as a video track. */
const IMAGE_FORMATS = ['WebP', 'APNG', 'PNG', 'GIF'];

export function tracksOf(all: readonly Track[]): Tracks {
  const moving = all.some((track) => track['@type'] === 'General' && IMAGE_FORMATS.includes(track.Format ?? ''));
  const tracks = moving ? all.map((track) => (track['@type'] === 'Video' ? asImage(track) : track)) : all;
  const ofType = <T extends Track['@type']>(type: T) =>
    tracks.filter((track): track is Extract<Track, { '@type': T }> => track['@type'] === type);
  return { general: ofType('General')[0], video: ofType('Video'), audio: ofType('Audio'), image: ofType('Image') };
}

function asImage({ Format, Width, Height, ColorSpace, BitDepth }: VideoTrack): ImageTrack {
  const format = Format === 'APNG' ? 'PNG' : Format;
  return { '@type': 'Image', Format: format, Width, Height, ColorSpace, BitDepth } as ImageTrack;
}

/** The wire's `technical_metadata`, with the keys that apply to this kind of media; unknown ones are left out. */
export function technicalMetadata(tracks: Tracks, sizeBytes: number, fileType?: string): Record<string, unknown> {
  const { general, video, audio, image } = tracks;
  return present({
    file_size_bytes: sizeBytes,
    file_mime_type: fileType,
    file_container_format: general?.Format && (CONTAINERS[general.Format] ?? general.Format.toLowerCase()),
    container_creation_time: creationTime(general),
    ...(video.length + audio.length > 0 ? { has_audio: audio.length > 0 } : {}),
    ...(video[0] ? videoFields(video[0], video) : {}),
    ...(audio[0] ? audioFields(audio[0], audio) : {}),
    ...(image[0] && !video[0] && !audio[0]
      ? imageFields(image[0], Math.max(image.length, general?.FrameCount ?? general?.ImageCount ?? 1))
      : {}),
  });
}

function videoFields(first: VideoTrack, streams: VideoTrack[]): Record<string, unknown> {
  return {
    video_streams: streams.map(videoStream),
    total_video_streams: streams.length,
    video_codec: codec(first.Format),
    video_width: first.Width,
    video_height: first.Height,
    video_fps: first.FrameRate,
    video_duration_seconds: first.Duration,
    video_bitrate_bps: whole(first.BitRate),
    storage_aspect_ratio: first.Width && first.Height ? first.Width / first.Height : undefined,
    is_hdr: first.HDR_Format !== undefined,
  };
}

const videoStream = (track: VideoTrack, index: number): Record<string, unknown> =>
  present({
    index,
    codec: codec(track.Format),
    width: track.Width,
    height: track.Height,
    fps: track.FrameRate,
    avg_fps: track.FrameRate,
    duration_seconds: track.Duration,
    bitrate_bps: whole(track.BitRate),
    rotation: whole(Number(track.Rotation ?? 0)),
    scan_type: track.ScanType?.toLowerCase(),
    bit_depth: track.BitDepth,
  });

function audioFields(first: AudioTrack, streams: AudioTrack[]): Record<string, unknown> {
  return {
    audio_streams: streams.map(audioStream),
    total_audio_streams: streams.length,
    audio_codec: codec(first.Format),
    audio_sample_rate: first.SamplingRate,
    audio_channels: first.Channels,
    audio_duration_seconds: first.Duration,
  };
}

const audioStream = (track: AudioTrack, index: number): Record<string, unknown> =>
  present({
    index,
    codec: codec(track.Format),
    sample_rate: track.SamplingRate,
    bit_depth: track.BitDepth,
    channels: track.Channels,
    bitrate_bps: whole(track.BitRate),
    language: track.Language,
    duration_seconds: track.Duration,
  });

function imageFields(image: ImageTrack, frames: number): Record<string, unknown> {
  return {
    image_width: image.Width,
    image_height: image.Height,
    image_format: image.Format?.toLowerCase(),
    image_color_space: image.ColorSpace,
    image_bit_depth: image.BitDepth,
    has_alpha: image.ColorSpace?.includes('A') ?? false,
    is_animated: frames > 1,
  };
}

const codec = (format: string | undefined): string | undefined => format && (CODECS[format] ?? format.toLowerCase());

const whole = (value: number | undefined): number | undefined => (value === undefined ? undefined : Math.round(value));

/** MediaInfo writes `2026-03-01 10:00:00 UTC`. */
function creationTime(general: GeneralTrack | undefined): string | undefined {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/.exec(general?.Encoded_Date?.replace(/^UTC /, '') ?? '');
  return match ? `${match[1]}T${match[2]}Z` : undefined;
}

function present(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''));
}
