import { kindOfFile } from '../../sources/source-file';

const MEBIBYTE = 1024 ** 2;
/** `POST /assets` with `method=direct`; the provider says "200 MB" and "32 MB". */
const DIRECT_LIMIT_MIB = 200;
const IMAGE_LIMIT_MIB = 32;
/** `POST /assets` with `method=url`; the provider says "4 GB". */
const URL_LIMIT_GIB = 4;

/** Most bytes of a file that is uploaded directly, by the kind of file that its name tells. */
export function maxDirectBytes(filename: string): { limitBytes: number; why: string } {
  const image = kindOfFile(filename) === 'image';
  const limit = image ? IMAGE_LIMIT_MIB : DIRECT_LIMIT_MIB;
  const kind = image ? 'an image' : 'a file uploaded directly';
  return { limitBytes: limit * MEBIBYTE, why: `the limit for ${kind} is ${limit} MB` };
}

/** Most bytes that the provider fetches from a URL. */
export function maxUrlBytes(filename: string): { limitBytes: number; why: string } {
  if (kindOfFile(filename) === 'image') {
    return { limitBytes: IMAGE_LIMIT_MIB * MEBIBYTE, why: `the limit for an image is ${IMAGE_LIMIT_MIB} MB` };
  }
  const why = `the limit for what the provider fetches from a URL is ${URL_LIMIT_GIB} GB`;
  return { limitBytes: URL_LIMIT_GIB * 1024 * MEBIBYTE, why };
}
