import path from 'node:path';
import type { Config } from '../config';
import { FAILURES, failure, failureType, type FailureType } from '../contracts/failures';
import { refusedInput, type CompleteInput } from '../contracts/lifecycle-input';
import { filenameOfSource } from '../contracts/source-name';
import type { MediaFacts } from '../media/media-facts';
import type { ItemFacts } from '../providers/intake';
import { branchRefusal, declarationOf, mediaRefusal } from '../providers/registry';
import { createFileSources } from '../storage/files/file-sources';
import type { SourceBytes } from '../storage/files/source-bytes';
import { noUrlBecause } from '../storage/files/source-object';

/** What a start would make of a source, as far as this host can tell. */
export interface SourceVerdict {
  /** Path, or `s3:` URI. */
  source: string;
  verdict: 'fits' | 'refused' | 'not looked at';
  /** In the words of `start`. */
  refusal?: string;
  /** Name of the failure. */
  type?: FailureType;
  sizeBytes?: number;
  media?: MediaFacts;
}

/** Loaded when a file is looked at: most commands need none. */
async function openReader() {
  const { MediaReader } = await import('../media/media-reader.js');
  return new MediaReader();
}

/** The SDK, too, is only loaded when it is needed. */
async function openS3({ s3, proxies }: Config) {
  const { s3Access } = await import('../storage/s3/s3-client.js');
  const { createS3Sources } = await import('../storage/s3/s3-sources.js');
  const access = s3Access(s3, proxies);
  return { objects: createS3Sources(access), close: () => access.close() };
}

/** Looks at sources as a worker does before it submits them. Sends nothing to a provider. */
export class SourceCheck {
  private reader: ReturnType<typeof openReader> | undefined;
  private s3: ReturnType<typeof openS3> | undefined;

  /** @param roots folders that files must lie in; with none, a file's own folder counts. */
  constructor(
    private readonly config: Config,
    private readonly roots: readonly string[] = [],
  ) {}

  /** @throws what does not concern the source, such as an S3 that does not answer */
  async check(input: CompleteInput): Promise<SourceVerdict> {
    const source = nameOf(input);
    const facts: Pick<SourceVerdict, 'sizeBytes' | 'media'> = {};
    try {
      const refusal = branchRefusal(input);
      if (refusal) throw refusedInput('lifecycle', refusal);
      const found = await this.find(input);
      if (!found) return { source, verdict: 'not looked at' };
      facts.sizeBytes = found.bytes.sizeBytes;
      await this.refuseUnfit(input, found, facts);
      return { source, verdict: 'fits', ...facts };
    } catch (error) {
      return { ...refusedFor(source, error), ...facts };
    }
  }

  async close(): Promise<void> {
    (await this.s3)?.close();
  }

  /** By the provider's limits for its route, its intake and each branch. @throws InvalidRequest · PayloadTooLarge */
  private async refuseUnfit(
    input: CompleteInput,
    { item, bytes }: FoundSource,
    facts: Pick<SourceVerdict, 'media'>,
  ): Promise<void> {
    const { filename, field } = item;
    const { sizeBytes } = bytes;
    declarationOf(input.provider).route({ ...item, sizeBytes, method: input.upload.method });
    if (!input.preflight) return;
    const reader = await (this.reader ??= openReader());
    facts.media = await reader.factsOf({ filename, sizeBytes, read: (...range) => bytes.read(...range) });
    const refusal = facts.media && mediaRefusal(input, { ...facts.media, filename, sizeBytes, field });
    if (refusal) throw failure('InvalidRequest', refusal);
  }

  /** `undefined` for what only the provider reads. */
  private async find({ source, filename: given }: CompleteInput): Promise<FoundSource | undefined> {
    if (source.type === 'file') {
      const roots = this.roots.length > 0 ? this.roots : [path.dirname(source.path)];
      const bytes = await createFileSources({ roots, restMs: 0 }).resolve(source.path);
      const filename = given ?? filenameOfSource(source);
      return { bytes, item: { filename, source: 'file', field: 'source.path' } };
    }
    if (source.type !== 's3') return undefined;
    const { objects } = await (this.s3 ??= openS3(this.config));
    const bytes = await objects.resolve(source);
    const filename = given ?? filenameOfSource(source);
    const item = { filename, source: 'object', field: 'source.key', noUrlBecause: noUrlBecause(bytes) } as const;
    return { bytes, item };
  }
}

interface FoundSource {
  bytes: SourceBytes;
  item: Omit<ItemFacts, 'sizeBytes' | 'method'>;
}

/** @throws the error, if it is not about the source or may pass */
export function refusedFor(source: string, error: unknown): SourceVerdict {
  const type = failureType(error);
  if (type === undefined || FAILURES[type].retry) throw error;
  return { source, verdict: 'refused', refusal: (error as Error).message, type };
}

function nameOf({ source }: CompleteInput): string {
  switch (source.type) {
    case 'file':
      return source.path;
    case 's3':
      return `s3://${source.bucket}/${source.key}`;
    case 'url':
      return new URL(source.url).origin + new URL(source.url).pathname; // its query may be a secret
    case 'asset':
      return source.assetId;
  }
}
