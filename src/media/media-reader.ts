import type { MediaInfo, Track } from 'mediainfo.js';
import type { SourceBytes } from '../storage/files/source-bytes';
import { BoundedReads, HEAD_BYTES } from './bounded-reads';
import { factsOfTracks } from './facts-of-tracks';
import type { MediaFacts } from './media-facts';
import { smallPicture } from './small-picture';

/** Most bytes that are read of one file; of large ones that is the index, wherever it lies, and some frames. */
const BUDGET_BYTES = 2_000_000;
/** A source that gives its bytes more slowly is let through unseen. */
const LOOK_WITHIN_MS = 5000;
/** Files looked at side by side; each needs an instance of MediaInfo of its own, which is kept. */
const INSTANCES = 4;

export interface MediaReaderOptions {
  budgetBytes?: number;
  lookWithinMs?: number;
}

/**
 * Reads what media files contain, with MediaInfo; small pictures by their header. Instances are started when they are first needed and used again; a
 * process needs one reader.
 */
export class MediaReader {
  private readonly idle: MediaInfo[] = [];
  private readonly waiting: (() => void)[] = [];
  private busy = 0;

  constructor(private readonly options: MediaReaderOptions = {}) {}

  /**
   * Reads at most 2 MB of the source.
   * @returns `undefined` if nothing can be told: the source cannot be read, or not in time, or MediaInfo breaks on it.
   * @throws only the reason of an aborted `signal`
   */
  async factsOf(
    bytes: Pick<SourceBytes, 'filename' | 'sizeBytes' | 'read'>,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<MediaFacts | undefined> {
    await this.turn();
    try {
      signal?.throwIfAborted();
      return await this.look(bytes, signal);
    } catch {
      if (signal?.aborted) throw signal.reason;
      return undefined; // whoever sends the file reads it too, and says what is wrong with it
    } finally {
      this.busy -= 1;
      this.waiting.shift()?.();
    }
  }

  private async turn(): Promise<void> {
    if (this.busy >= INSTANCES) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.busy += 1;
  }

  private async look(
    bytes: Pick<SourceBytes, 'filename' | 'sizeBytes' | 'read'>,
    signal: AbortSignal | undefined,
  ): Promise<MediaFacts> {
    const { budgetBytes = BUDGET_BYTES, lookWithinMs = LOOK_WITHIN_MS } = this.options;
    const timeout = AbortSignal.timeout(lookWithinMs);
    const stop = signal ? AbortSignal.any([signal, timeout]) : timeout;
    const reads = await BoundedReads.open(bytes, budgetBytes, stop);
    const picture = reads.head.byteLength === bytes.sizeBytes ? smallPicture(reads.head) : undefined;
    if (picture) return picture;
    const tracks = await this.tracksOf(reads);
    const { head, isPartial, isFragmented } = reads;
    return factsOfTracks(tracks, { filename: bytes.filename, head, isPartial, isFragmented });
  }

  private async tracksOf(reads: BoundedReads): Promise<readonly Track[]> {
    const instance = this.idle.pop() ?? (await newInstance());
    const { media } = await instance.analyzeData(reads.sizeBytes, (length, position) => reads.at(position, length));
    this.idle.push(instance); // only here: one that broke is not used again
    return media?.track ?? [];
  }
}

async function newInstance(): Promise<MediaInfo> {
  const { mediaInfoFactory } = await import('mediainfo.js'); // costs the start of a command that needs none
  return mediaInfoFactory({ format: 'object', chunkSize: HEAD_BYTES });
}
