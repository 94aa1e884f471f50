import type { ReadAt } from '../../../shared/media/media-info';

const WINDOW_BYTES = 256 * 1024;

/** Reads small pieces of a file through a larger one, so that each does not cost a call. */
export class FileWindow {
  private from = 0;
  private held: Uint8Array = new Uint8Array(0);

  constructor(
    private readonly read: ReadAt,
    private readonly sizeBytes: number,
  ) {}

  /** Fewer at the end of the file. */
  async bytes(at: number, length: number): Promise<Uint8Array> {
    if (at < this.from || at + length > this.from + this.held.length) {
      this.held = await this.read(Math.max(0, Math.min(WINDOW_BYTES, this.sizeBytes - at)), at);
      this.from = at;
    }
    return this.held.subarray(at - this.from, at - this.from + length);
  }
}
