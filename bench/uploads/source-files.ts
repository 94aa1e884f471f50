import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import path from 'node:path';

export const MEBIBYTE = 1024 ** 2;
/** Of a part, whoever sends it. */
export const CHUNK_BYTES = 8 * MEBIBYTE;
/** Parts on their way at once, the product's own default. */
export const CONCURRENCY = 4;

/** Random bytes: nothing on the way can make light of them. On the disk when this ends, so that nobody waits for it. */
export async function writeRandomFile(file: string, sizeBytes: number): Promise<void> {
  const handle = await open(file, 'w');
  try {
    for (let at = 0; at < sizeBytes; at += CHUNK_BYTES) {
      await handle.write(randomBytes(Math.min(CHUNK_BYTES, sizeBytes - at)));
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** All zeros, and no room on the disk. */
export async function writeSparseFile(file: string, sizeBytes: number): Promise<void> {
  const handle = await open(file, 'w');
  await handle.truncate(sizeBytes);
  await handle.close();
}

/** The parts as files of their own, in order, for programs that cannot send a piece of a file. */
export async function cutIntoParts(file: string, folder: string): Promise<string[]> {
  await mkdir(folder);
  const parts: string[] = [];
  for await (const part of partsOf(file)) {
    const name = path.join(folder, String(parts.length + 1));
    await writeFile(name, part, { flush: true });
    parts.push(name);
  }
  return parts;
}

/** What the emulator tells of a file that it has only hashed: the SHA-256 over the SHA-256 digests of its parts. */
export async function partsSha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of partsOf(file)) hash.update(createHash('sha256').update(part).digest());
  return hash.digest('hex');
}

async function* partsOf(file: string): AsyncGenerator<Buffer> {
  const handle = await open(file);
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let at = 0; ; at += CHUNK_BYTES) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, at);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
