import type { SubmitSourceInput } from '../../contracts/activities';
import type { Source } from '../../contracts/source';
import { filenameOfSource } from '../../contracts/source-name';
import type { Submission } from '../../providers/intake';
import type { MediaProvider } from '../../providers/media-provider';
import { noUrlBecause } from '../../storage/files/source-object';
import type { SourceBytes } from '../../storage/files/source-bytes';
import { urlContent } from '../../storage/files/source-content';
import { ledgerTag, type ActivityDependencies } from '../dependencies';

export type SentSource = Exclude<Source, { type: 'asset' }>;

/** What is to be submitted, checked; the provider has not been called. */
export interface Prepared {
  common: Omit<Submission, 'content'>;
  /** Bytes that this worker can read; none for a URL. */
  bytes?: SourceBytes;
  /** Made right before the submission, since it may hold a URL that expires. */
  content: () => Promise<Submission['content']>;
}

/**
 * How long the provider may fetch an S3 object: it begins within minutes of the create, and 4 GB over a slow line take
 * hours. Credentials of a role may end it sooner.
 */
const FETCH_WITHIN_SEC = 6 * 3600;

/** Field of the input that names the source, for messages. */
export const FIELD_OF_SOURCE = { file: 'source.path', s3: 'source.key', url: 'source.url', asset: 'source.assetId' };

/** Looks at the source and says how it is to go. @throws InvalidRequest · PayloadTooLarge naming the limit */
export async function prepareSubmission(
  deps: ActivityDependencies,
  { intake }: MediaProvider,
  { input, source, signal }: { input: SubmitSourceInput; source: SentSource; signal: AbortSignal },
): Promise<Prepared> {
  const { metadata, fields, upload } = input;
  const filename = input.filename ?? filenameOfSource(source);
  const commonOf = (content: string): Prepared['common'] => {
    const isOpen = (workflowId: string): Promise<boolean> => deps.runs.isOpen(workflowId);
    return { filename, metadata, fields, tag: { ...ledgerTag(deps, input.tag), content }, isOpen };
  };
  const { method } = upload;
  switch (source.type) {
    case 'url': {
      intake.route({ filename, source: 'url', method, field: FIELD_OF_SOURCE.url });
      return { common: commonOf(urlContent(source.url)), content: async () => ({ route: 'url', url: source.url }) };
    }
    case 's3': {
      const object = await deps.objects.resolve(source, { signal });
      const { sizeBytes } = object;
      const item = { filename, source: 'object', sizeBytes, method, field: FIELD_OF_SOURCE.s3 } as const;
      const route = intake.route({ ...item, noUrlBecause: noUrlBecause(object) });
      const url = (): Promise<string> => object.presignedUrl(FETCH_WITHIN_SEC); // it is nowhere but in the request
      const content: Prepared['content'] = async () =>
        route === 'url' ? { route, url: await url() } : { route, bytes: object };
      return { common: commonOf(object.content), bytes: object, content };
    }
    case 'file': {
      const file = await deps.sources.resolve(source.path, { signal });
      const { sizeBytes } = file;
      const route = intake.route({ filename, source: 'file', sizeBytes, method, field: FIELD_OF_SOURCE.file });
      if (route === 'url') throw new Error('a provider cannot fetch a file of this host by a URL');
      return { common: commonOf(file.content), bytes: file, content: async () => ({ route, bytes: file }) };
    }
  }
}
