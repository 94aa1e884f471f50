import type { SubmitSourceInput } from '../../contracts/activities';
import { failure } from '../../contracts/failures';
import type { Source } from '../../contracts/source';
import { filenameOfSource } from '../../contracts/source-name';
import type { MediaProvider, Submission } from '../../providers/media-provider';
import type { UploadSubmission } from '../../providers/part-uploads';
import type { SourceBytes } from '../../storage/files/source-bytes';
import { kindOfFile } from '../../providers/twelvelabs/intake/file-kind';
import { urlContent } from '../../storage/files/source-content';
import { ledgerTag, type ActivityDependencies } from '../dependencies';

export type SentSource = Exclude<Source, { type: 'asset' }>;

/** What is to be submitted, checked; the provider has not been called. */
export interface Prepared {
  common: Omit<Submission, 'source'>;
  /** Bytes that this worker can read; none for a URL. */
  bytes?: SourceBytes;
  /** How it goes: in one request, or in parts. */
  whole?: () => Promise<Submission['source']>;
  parts?: Pick<UploadSubmission, 'kind' | 'sizeBytes'>;
}

/**
 * How long the provider may fetch an S3 object: it begins within minutes of the create, and 4 GB over a slow line take
 * hours. Credentials of a role may end it sooner.
 */
const FETCH_WITHIN_SEC = 6 * 3600;

const NO_URL = 'no URL can name a key with a "." or ".." between slashes; copy the object to another key';

/** Looks at the source and says how it is to go. @throws InvalidRequest · PayloadTooLarge naming the limit */
export async function prepareSubmission(
  deps: ActivityDependencies,
  provider: MediaProvider,
  { input, source, signal }: { input: SubmitSourceInput; source: SentSource; signal: AbortSignal },
): Promise<Prepared> {
  const { metadata, enableHls, enableThumbnail, upload } = input;
  const filename = input.filename ?? filenameOfSource(source);
  const commonOf = (content: string): Prepared['common'] => {
    const tag = { ...ledgerTag(deps, input.tag), content };
    return { filename, metadata, enableHls, enableThumbnail, tag };
  };
  if (source.type === 'url') {
    return { common: commonOf(urlContent(source.url)), whole: async () => ({ type: 'url', url: source.url }) };
  }
  const method = upload?.method ?? 'auto';
  if (source.type === 's3') {
    const object = await deps.objects.resolve(source, { signal });
    const common = commonOf(object.content);
    const limit = object.fitsUrl ? provider.maxUrlBytes(filename) : { limitBytes: 0, why: NO_URL };
    if (!object.fitsUrl && (method === 'direct' || provider.maxMultipartBytes(filename).limitBytes === 0)) {
      throw failure('InvalidRequest', `source.key: ${filename}: ${NO_URL}`);
    }
    const direct = { field: 'source.key', limit, filename };
    if (goesWhole(provider, object, method, direct)) {
      // made right before the create, so that the URL is fresh, and is nowhere but in the request
      return {
        common,
        bytes: object,
        whole: async () => ({ type: 'url', url: await object.presignedUrl(FETCH_WITHIN_SEC) }),
      };
    }
    return { common, bytes: object, parts: inParts(provider, object, direct) };
  }
  const file = await deps.sources.resolve(source.path, { signal });
  const common = commonOf(file.content);
  const direct = { field: 'source.path', limit: provider.maxFileBytes(filename), filename };
  if (goesWhole(provider, file, method, direct)) {
    return { common, bytes: file, whole: async () => ({ type: 'file', file }) };
  }
  return { common, bytes: file, parts: inParts(provider, file, direct) };
}

interface Limits {
  /** Of the input, for messages. */
  field: string;
  filename: string;
  /** In one request. */
  limit: { limitBytes: number; why: string };
}

function goesWhole(
  provider: MediaProvider,
  { sizeBytes }: SourceBytes,
  method: NonNullable<SubmitSourceInput['upload']>['method'],
  { field, filename, limit }: Limits,
): boolean {
  if (method === 'multipart') return false;
  if (sizeBytes <= limit.limitBytes) return true;
  if (method === 'auto' && provider.maxMultipartBytes(filename).limitBytes > limit.limitBytes) return false;
  throw failure('PayloadTooLarge', `${field}: ${filename} has ${sizeBytes} bytes; ${limit.why}`);
}

function inParts(provider: MediaProvider, { sizeBytes }: SourceBytes, { field, filename }: Limits) {
  const { limitBytes, why } = provider.maxMultipartBytes(filename);
  if (sizeBytes > limitBytes) {
    throw failure('PayloadTooLarge', `${field}: ${filename} has ${sizeBytes} bytes; ${why}`);
  }
  return { kind: kindOfFile(filename) as UploadSubmission['kind'], sizeBytes };
}
