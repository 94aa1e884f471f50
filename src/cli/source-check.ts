import path from 'node:path';
import type { Config } from '../config';
import { failure, failureType } from '../contracts/failures';
import { refusedInput, type CompleteInput } from '../contracts/lifecycle-input';
import type { MediaFacts } from '../media/media-facts';
import { branchRefusal, declarationOf, mediaRefusal } from '../providers/registry';
import { createFileSources } from '../storage/files/file-sources';
import type { SourceBytes } from '../storage/files/source-bytes';

/** What a start would make of a source, as far as this host can tell. */
export interface SourceVerdict {
  /** Path, or `s3:` URI. */
  source: string;
  verdict: 'fits' | 'refused' | 'not looked at';
  /** In the words of `start`. */
  refusal?: string;
  /** Name of the failure. */
  type?: string;
  sizeBytes?: number;
  media?: MediaFacts;
}

/** Loaded when a file is looked at: most commands need none. */
async function openReader() {
  const { MediaReader } = await import('../media/media-reader.js');
  return new MediaReader();
}

/** Looks at sources as a worker does before it submits them. Sends nothing to a provider. */
export class SourceCheck {
  private reader: ReturnType<typeof openReader> | undefined;
  private readonly closing: (() => void)[] = [];

  constructor(private readonly config: Config) {}

  /** @throws only what does not concern the source, such as missing credentials of S3 */
  async check(input: CompleteInput): Promise<SourceVerdict> {
    const source = nameOf(input);
    const facts: Pick<SourceVerdict, 'sizeBytes' | 'media'> = {};
    try {
      const refusal = branchRefusal(input);
      if (refusal) throw refusedInput('lifecycle', refusal);
      const bytes = await this.bytesOf(input);
      if (!bytes) return { source, verdict: 'not looked at' };
      facts.sizeBytes = bytes.sizeBytes;
      await this.refuseUnfit(input, bytes, facts);
      return { source, verdict: 'fits', ...facts };
    } catch (error) {
      const type = failureType(error);
      if (type === undefined) throw error;
      return { source, verdict: 'refused', refusal: (error as Error).message, type, ...facts };
    }
  }

  close(): void {
    for (const close of this.closing) close();
  }

  /** By the provider's limits for its route, its intake and each branch. @throws InvalidRequest · PayloadTooLarge */
  private async refuseUnfit(
    input: CompleteInput,
    bytes: SourceBytes,
    facts: Pick<SourceVerdict, 'media'>,
  ): Promise<void> {
    const { sizeBytes } = bytes;
    const filename = input.filename ?? bytes.filename;
    const isFile = input.source.type === 'file';
    const field = isFile ? 'source.path' : 'source.key';
    const { method } = input.upload;
    declarationOf(input.provider).route({ filename, source: isFile ? 'file' : 'object', sizeBytes, method, field });
    if (!input.preflight) return;
    const reader = await (this.reader ??= openReader());
    facts.media = await reader.factsOf({ filename, sizeBytes, read: (...range) => bytes.read(...range) });
    const refusal = facts.media && mediaRefusal(input, { ...facts.media, filename, sizeBytes, field });
    if (refusal) throw failure('InvalidRequest', refusal);
  }

  /** `undefined` for what only the provider reads. Without configured roots the file's own folder counts. */
  private async bytesOf({ source }: CompleteInput): Promise<SourceBytes | undefined> {
    if (source.type === 'file') {
      const { sourceRoots } = this.config;
      const roots = sourceRoots.length > 0 ? sourceRoots : [path.dirname(source.path)];
      return createFileSources({ roots, restMs: 0 }).resolve(source.path);
    }
    if (source.type !== 's3') return undefined;
    const { s3Access } = await import('../storage/s3/s3-client.js');
    const { createS3Sources } = await import('../storage/s3/s3-sources.js');
    const access = s3Access(this.config.s3, this.config.proxies);
    this.closing.push(() => access.close());
    return createS3Sources(access).resolve(source);
  }
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
