import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { MediaFacts } from '../../store/records';
import type { Store } from '../../store/store';
import type { ReadAt } from '../../../shared/media/media-info';
import { MediaInspector } from './inspector';

/** Bytes on their way in. */
export type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface ReceiveOptions {
  /** Bytes past this one are not stored; the answer is then `undefined`. */
  limitBytes?: number;
  /** Called as bytes arrive. */
  onBytes?: (receivedBytes: number) => void;
}

/** Bytes that lie on disk already. */
export interface StoredBytes {
  readonly sizeBytes: number;
  /** From the first to the last. */
  all(): AsyncIterable<Uint8Array>;
  read: ReadAt;
}

/** Takes bytes in through a temporary file and keeps only the facts about them, once for the same content. */
export class MediaLibrary {
  private readonly inspector = new MediaInspector();

  private constructor(
    private readonly store: Store,
    private readonly folder: string,
  ) {}

  static async open(store: Store): Promise<MediaLibrary> {
    return new MediaLibrary(store, await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-emulator-')));
  }

  /** @returns undefined when there are more bytes than allowed; they are read to their end all the same. */
  async receive(bytes: Bytes, options: ReceiveOptions = {}): Promise<MediaFacts | undefined> {
    const file = path.join(this.folder, randomUUID());
    try {
      const received = await write(file, bytes, options);
      if (received.sizeBytes > (options.limitBytes ?? Infinity)) return undefined;
      return await this.factsOf(received, (use) => readingFrom(file, use));
    } finally {
      await rm(file, { force: true });
    }
  }

  /** The facts about bytes that somebody else keeps. */
  async look(bytes: StoredBytes, signal: AbortSignal): Promise<MediaFacts> {
    const hash = createHash('sha256');
    for await (const chunk of bytes.all()) {
      signal.throwIfAborted();
      hash.update(chunk);
    }
    const received = { sha256: hash.digest('hex'), sizeBytes: bytes.sizeBytes };
    return this.factsOf(received, (use) => use(bytes.read));
  }

  private async factsOf(
    { sha256, sizeBytes }: { sha256: string; sizeBytes: number },
    reading: (use: (read: ReadAt) => Promise<MediaFacts>) => Promise<MediaFacts>,
  ): Promise<MediaFacts> {
    const known = this.store.media.get(sha256);
    if (known) return known;
    const facts = await reading((read) => this.inspector.inspect(read, sha256, sizeBytes));
    this.store.media.set(facts.sha256, facts);
    return facts;
  }

  async close(): Promise<void> {
    await this.inspector.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function readingFrom<T>(file: string, use: (read: ReadAt) => Promise<T>): Promise<T> {
  const handle = await open(file);
  try {
    return await use(async (length, position) => {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    });
  } finally {
    await handle.close();
  }
}

async function write(file: string, bytes: Bytes, { limitBytes = Infinity, onBytes }: ReceiveOptions) {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const handle = await open(file, 'wx');
  try {
    for await (const chunk of bytes) {
      sizeBytes += chunk.byteLength;
      onBytes?.(sizeBytes);
      if (sizeBytes > limitBytes) continue;
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
  } finally {
    await handle.close();
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}
