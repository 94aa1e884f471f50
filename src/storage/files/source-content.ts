import { createHash } from 'node:crypto';
import type { FileFacts } from './source-fingerprint';

/** What two files with the same bytes have in common, whatever their names, times and places. */
export const fileContent = ({ sizeBytes, sample = '' }: FileFacts): string => `file:${sizeBytes} ${sample}`;

/** The same of an object; of a version, where the bucket keeps versions. */
export const objectContent = (etag: string | undefined, versionId: string | undefined): string =>
  `s3:${hash(JSON.stringify([etag, versionId]))}`;

/** The same of a URL, whose query may be a secret and is signed anew each time. */
export const urlContent = (url: string): string => `url:${hash(url.replace(/[?#].*$/s, ''))}`;

const hash = (text: string): string => createHash('sha256').update(text).digest('base64url');
