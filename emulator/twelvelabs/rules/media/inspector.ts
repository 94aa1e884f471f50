import { MediaInfoReader, type ReadAt } from '../../../shared/media/media-info';
import type { MediaFacts } from '../../store/records';
import { fileTypeOf, kindOf } from './file-types';
import { measuredDuration } from './measured-duration';
import { technicalMetadata, tracksOf, type Tracks } from './technical-metadata';

const UNREADABLE = 'The file is not a valid video, audio or image file, or its format is not supported.';

/** Finds out what a file is, and whether it can be used. */
export class MediaInspector {
  private readonly reader = new MediaInfoReader();

  async inspect(read: ReadAt, sha256: string, sizeBytes: number): Promise<MediaFacts> {
    const tracks = tracksOf(await this.reader.tracksOf(read, sizeBytes));
    return factsOf(await this.measured(tracks, read, sizeBytes), sha256, sizeBytes);
  }

  async close(): Promise<void> {
    await this.reader.close();
  }

  private async measured(tracks: Tracks, read: ReadAt, sizeBytes: number): Promise<Tracks> {
    const { general } = tracks;
    if (!general || durationOf(tracks)) return tracks;
    const Duration = await measuredDuration(general.Format, read, sizeBytes);
    return { ...tracks, general: { ...general, Duration } };
  }
}

function factsOf(tracks: Tracks, sha256: string, sizeBytes: number): MediaFacts {
  const kind = kindOf(tracks);
  const fileType = kind && fileTypeOf(tracks, kind);
  const technical = technicalMetadata(tracks, sizeBytes, fileType);
  const common = { sha256, sizeBytes, hasAudio: tracks.audio.length > 0, technical };
  if (!kind) return { ...common, problem: UNREADABLE };
  const picture = kind === 'image' ? tracks.image[0] : tracks.video[0];
  const durationSec = kind === 'image' ? undefined : durationOf(tracks);
  return {
    ...common,
    kind,
    fileType,
    ...(durationSec === undefined ? {} : { durationSec }),
    ...(picture?.Width === undefined ? {} : { width: picture.Width }),
    ...(picture?.Height === undefined ? {} : { height: picture.Height }),
    ...(kind === 'video' && tracks.video[0]?.FrameRate ? { fps: tracks.video[0].FrameRate } : {}),
    ...(kind !== 'image' && !durationSec ? { problem: 'The file is damaged: its duration cannot be read.' } : {}),
  };
}

const durationOf = ({ general, audio }: Tracks): number | undefined => general?.Duration ?? audio[0]?.Duration;
