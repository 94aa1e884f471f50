import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** A file that was just written is waited for. */
const LONG_AGO = new Date('2026-01-01');

/** Whole pictures, each with bytes of its own: its number stands in it as a comment. @returns their paths */
export async function writeImages(folder: string, count: number, first = 0): Promise<string[]> {
  const picture = await readFile(path.resolve(__dirname, '../../../samples/portrait-3.jpg'));
  await mkdir(folder, { recursive: true });
  const files: string[] = [];
  for (let at = first; at < first + count; at++) {
    const comment = Buffer.from(String(at).padStart(8, '0'));
    const head = Buffer.from([0xff, 0xfe, 0, comment.byteLength + 2]);
    const file = path.join(folder, `image-${at}.jpg`);
    await writeFile(file, Buffer.concat([picture.subarray(0, 2), head, comment, picture.subarray(2)]));
    await utimes(file, LONG_AGO, LONG_AGO);
    files.push(file);
  }
  return files;
}
