import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Transform, Writable, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** The network gives 64 KiB at a time; the disk is written to in larger pieces. */
const BUFFER_BYTES = 1024 * 1024;

interface Received {
  md5?: string;
  sha256?: string;
}

/** The bytes of parts whose upload is not done: a file each, in a folder for each upload. */
export class PartFiles {
  private removals: Promise<void> = Promise.resolve();

  private constructor(
    private readonly folder: string,
    private readonly temporary: boolean,
  ) {}

  /** @param stateFolder keeps them there; without it they go when the emulator closes. */
  static async open(stateFolder: string | undefined): Promise<PartFiles> {
    if (stateFolder === undefined) {
      return new PartFiles(await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-parts-')), true);
    }
    const folder = path.join(stateFolder, 'parts');
    await mkdir(folder, { recursive: true });
    return new PartFiles(folder, false);
  }

  /** Removes what a crash left behind. */
  async keepOnly(uploadIds: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.folder)) if (!uploadIds.has(name)) this.discard(name);
    await this.removals;
  }

  file(uploadId: string, name: string): string {
    return path.join(this.folder, uploadId, name);
  }

  /**
   * Stores one part while it streams. If the body breaks off or `onBytes` throws, nothing is left.
   * @param name of the file; without it the bytes are only hashed
   */
  async take(
    bytes: Readable,
    { uploadId, name, algorithms }: { uploadId: string; name?: string; algorithms: ('md5' | 'sha256')[] },
    onBytes: (count: number, chunk: Buffer) => void,
  ): Promise<Received> {
    const hashes = algorithms.map((algorithm) => ({ algorithm, hash: createHash(algorithm) }));
    const meter = passing((chunk) => {
      onBytes(chunk.byteLength, chunk);
      for (const { hash } of hashes) hash.update(chunk);
    });
    if (name === undefined) await pipeline(bytes, meter, nowhere());
    else {
      await mkdir(path.join(this.folder, uploadId), { recursive: true });
      try {
        const file = createWriteStream(this.file(uploadId, name), { flags: 'wx', highWaterMark: BUFFER_BYTES });
        await pipeline(bytes, meter, file);
      } catch (error) {
        this.discard(uploadId, name);
        throw error;
      }
    }
    return Object.fromEntries(hashes.map(({ algorithm, hash }) => [algorithm, hash.digest('hex')]));
  }

  /** Removes one file of an upload, or all, in the background. */
  discard(uploadId: string, name?: string): void {
    const gone = name === undefined ? path.join(this.folder, uploadId) : this.file(uploadId, name);
    const removal = rm(gone, { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) => {
      process.emitWarning(`parts of an upload could not be removed: ${String(error)}`);
    });
    this.removals = Promise.all([this.removals, removal]).then(() => undefined);
  }

  /** Of every upload. */
  async clear(): Promise<void> {
    await this.keepOnly(new Set());
  }

  async close(): Promise<void> {
    await this.removals;
    if (this.temporary) await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

const passing = (see: (chunk: Buffer) => void): Transform =>
  new Transform({
    highWaterMark: BUFFER_BYTES,
    transform(chunk: Buffer, _encoding, done) {
      try {
        see(chunk);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
  });

const nowhere = (): Writable =>
  new Writable({ highWaterMark: BUFFER_BYTES, write: (_chunk, _encoding, done) => done() });
