import { readFileSync } from 'node:fs';
import path from 'node:path';

const JPEG = readFileSync(path.resolve(__dirname, '../../../samples/portrait-1.jpg'));

/** A JPEG whose header tells that size. */
export function jpeg(width: number, height: number): Buffer {
  const bytes = Buffer.from(JPEG);
  const frame = bytes.indexOf(Buffer.from('ffc0', 'hex'));
  bytes.writeUInt16BE(height, frame + 5);
  bytes.writeUInt16BE(width, frame + 7);
  return bytes;
}
