import { readFileSync } from 'node:fs';
import path from 'node:path';

const PORTRAIT = readFileSync(path.resolve(__dirname, '../../../samples/portrait-1.jpg'));

/** A whole JPEG picture whose bytes differ by the text, which stands in it as a comment. */
export function uniqueJpeg(text: string): Buffer {
  const comment = Buffer.from(text);
  const head = Buffer.from([0xff, 0xfe, 0, 0]);
  head.writeUInt16BE(comment.byteLength + 2, 2);
  return Buffer.concat([PORTRAIT.subarray(0, 2), head, comment, PORTRAIT.subarray(2)]);
}
