import { mediaInfoFactory, type MediaInfo, type Track } from 'mediainfo.js';

/** Bytes that can be read from any place. */
export type ReadAt = (length: number, position: number) => Promise<Uint8Array>;

/** Looks into files with MediaInfo, one at a time and chunk by chunk, so that memory does not grow with the file. */
export class MediaInfoReader {
  private loaded: Promise<MediaInfo> | undefined;
  private turn: Promise<unknown> = Promise.resolve();

  tracksOf(read: ReadAt, sizeBytes: number): Promise<readonly Track[]> {
    const mine = this.turn.then(() => this.look(read, sizeBytes));
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  async close(): Promise<void> {
    await this.turn;
    (await this.loaded)?.close();
  }

  private async look(read: ReadAt, sizeBytes: number): Promise<readonly Track[]> {
    this.loaded ??= mediaInfoFactory({ format: 'object' });
    const result = await (await this.loaded).analyzeData(sizeBytes, read);
    return result.media?.track ?? [];
  }
}
