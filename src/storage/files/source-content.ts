import { createHash } from 'node:crypto';
import type { FileFacts } from './source-fingerprint';

/** Content of a file as text: equal for files with the same bytes, whatever their names, times and places. */
export const fileContent = ({ sizeBytes, sample = '' }: FileFacts): string => `file:${sizeBytes} ${sample}`;

/** Content of an S3 object as text; of its version, if the bucket keeps versions. */
export const objectContent = (etag: string | undefined, versionId: string | undefined): string =>
  `s3:${hash(JSON.stringify([etag, versionId]))}`;

/** Content of a URL as text. The query is left out: it may be a secret, and presigned ones change each time. */
export const urlContent = (url: string): string => `url:${hash(url.replace(/[?#].*$/s, ''))}`;

const hash = (text: string): string => createHash('sha256').update(text).digest('base64url');
