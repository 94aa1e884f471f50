import { copyFile, utimes, writeFile } from 'node:fs/promises';

/** Older than the time for which a worker wants a file to rest before it sends it. */
const RESTS_MS = 60_000;

/** Writes a file that need not be waited for. */
export async function writeAtRest(file: string, content: Buffer | string): Promise<void> {
  await writeFile(file, content);
  await letRest(file);
}

/** Copies a file that need not be waited for. */
export async function copyAtRest(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await letRest(to);
}

function letRest(file: string): Promise<void> {
  const then = new Date(Date.now() - RESTS_MS);
  return utimes(file, then, then);
}
