import { kindOfFile } from './file-kind';

export interface ByteLimit {
  limitBytes: number;
  /** The limit in words, and what to do. */
  why: string;
}

const MEBIBYTE = 1024 ** 2;
/** The provider documents "200 MB" and, for images, "32 MB". Source: `POST /assets` with `method=direct`. */
const DIRECT_LIMIT_MIB = 200;
const IMAGE_LIMIT_MIB = 32;
/** The provider documents "4 GB". Source: `POST /assets` with `method=url`. */
const URL_LIMIT_GIB = 4;
/** The provider documents "10 GB". Source: `POST /assets/multipart-uploads`. */
const MULTIPART_LIMIT_GIB = 10;

const imageLimit = {
  limitBytes: IMAGE_LIMIT_MIB * MEBIBYTE,
  why: `the limit for an image is ${IMAGE_LIMIT_MIB} MB`,
};

/** Size limit of a direct upload, by the kind of file (from its name). */
export function maxDirectBytes(filename: string): ByteLimit {
  const kind = kindOfFile(filename);
  if (kind === 'image') return imageLimit;
  const parts = `video and audio go up in parts to ${MULTIPART_LIMIT_GIB} GB`;
  const remedy =
    kind === 'other'
      ? `when their filename has an extension that says so, such as ".mp4" or ".wav"`
      : 'unless asked for otherwise';
  return {
    limitBytes: DIRECT_LIMIT_MIB * MEBIBYTE,
    why: `the limit for a file uploaded directly is ${DIRECT_LIMIT_MIB} MB (${parts} ${remedy})`,
  };
}

/** Size limit of an upload in parts; 0 for kinds of file that cannot go in parts. */
export function maxMultipartBytes(filename: string): ByteLimit {
  const kind = kindOfFile(filename);
  if (kind === 'image') return imageLimit;
  if (kind === 'other') {
    const direct = `any other file is uploaded in one piece, of at most ${DIRECT_LIMIT_MIB} MB`;
    const remedy = 'if it is one of them, give it a filename whose extension says so, such as ".mp4" or ".wav"';
    return { limitBytes: 0, why: `the provider takes only video, audio and images in parts; ${direct}; ${remedy}` };
  }
  const why = `the limit for ${kind} uploaded in parts is ${MULTIPART_LIMIT_GIB} GB`;
  return { limitBytes: MULTIPART_LIMIT_GIB * 1024 * MEBIBYTE, why };
}

/** Size limit of a file that the provider fetches from a URL. */
export function maxUrlBytes(filename: string): ByteLimit {
  if (kindOfFile(filename) === 'image') return imageLimit;
  const why = `the limit for what the provider fetches from a URL is ${URL_LIMIT_GIB} GB`;
  return { limitBytes: URL_LIMIT_GIB * 1024 * MEBIBYTE, why };
}
