import type { Track } from 'mediainfo.js';
import { MediaInfoReader, type ReadAt } from '../../../shared/media/media-info';
import type { AssetKind, Picture } from '../../store/records';

/** Looks into received files, so that what cannot be shown is found out. */
export class MediaLook {
  private readonly reader = new MediaInfoReader();

  /** @returns undefined when there is no whole picture in it */
  async pictureIn(kind: AssetKind, mime: string, read: ReadAt, sizeBytes: number): Promise<Picture | undefined> {
    if (!(await endsWhole(mime, read, sizeBytes))) return undefined;
    const tracks = await this.reader.tracksOf(read, sizeBytes);
    const picture = tracks.find(isPicture);
    const { Width: width = 0, Height: height = 0 } = picture ?? {};
    if (!picture || width <= 0 || height <= 0) return undefined;
    return { width, height, frames: framesOf(kind, picture) };
  }

  async close(): Promise<void> {
    await this.reader.close();
  }
}

type PictureTrack = Extract<Track, { '@type': 'Image' | 'Video' }>;

/** Moving images have their frames as a video track. */
const isPicture = (track: Track): track is PictureTrack => track['@type'] === 'Image' || track['@type'] === 'Video';

function framesOf(kind: AssetKind, track: PictureTrack): number {
  if (track['@type'] === 'Image') return 1;
  const counted = track.FrameCount ?? (track.Duration ?? 0) * (track.FrameRate ?? 0);
  return kind === 'Image' ? Math.max(1, Math.round(counted)) : Math.round(counted);
}

const TAIL_BYTES = 64;

/** JPEG and PNG say where they end; MediaInfo reads only their beginning. */
async function endsWhole(mime: string, read: ReadAt, sizeBytes: number): Promise<boolean> {
  const end = { 'image/jpeg': '\xff\xd9', 'image/png': 'IEND' }[mime];
  if (end === undefined) return true;
  const length = Math.min(TAIL_BYTES, sizeBytes);
  const tail = Buffer.from(await read(length, sizeBytes - length)).toString('latin1');
  return tail.includes(end);
}
