import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { PartRecord, UploadRecord } from '../../store/upload-records';
import type { StoredBytes } from '../media/media-library';

const BUFFER_BYTES = 1024 * 1024;

/** Reads the parts of an upload as one file, without joining them on disk. */
export class PartedFile implements StoredBytes {
  readonly sizeBytes: number;
  private opened: { index: number; handle: FileHandle } | undefined;

  constructor(
    private readonly upload: UploadRecord,
    private readonly parts: PartRecord[],
    private readonly fileOf: (name: string) => string,
  ) {
    this.sizeBytes = upload.totalSize;
  }

  async *all(): AsyncGenerator<Uint8Array> {
    for (const { file = '' } of this.parts) {
      yield* createReadStream(this.fileOf(file), { highWaterMark: BUFFER_BYTES }) as AsyncIterable<Uint8Array>;
    }
  }

  read = async (length: number, position: number): Promise<Uint8Array> => {
    const buffer = new Uint8Array(Math.min(length, this.sizeBytes - position));
    for (let filled = 0; filled < buffer.byteLength;) {
      const at = position + filled;
      const handle = await this.handleAt(Math.floor(at / this.upload.chunkSize));
      const left = buffer.byteLength - filled;
      const { bytesRead } = await handle.read(buffer, filled, left, at % this.upload.chunkSize);
      if (bytesRead === 0) throw new Error('a part is shorter than it was');
      filled += bytesRead;
    }
    return buffer;
  };

  async close(): Promise<void> {
    await this.opened?.handle.close();
    this.opened = undefined;
  }

  private async handleAt(index: number): Promise<FileHandle> {
    if (this.opened?.index === index) return this.opened.handle;
    await this.close();
    const handle = await open(this.fileOf(this.parts[index]?.file ?? ''));
    this.opened = { index, handle };
    return handle;
  }
}
