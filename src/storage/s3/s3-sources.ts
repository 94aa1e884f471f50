import { GetObjectCommand, HeadObjectCommand, type HeadObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { addAbortSignal, Readable } from 'node:stream';
import type { S3Source } from '../../contracts/source';
import { filenameOfSource } from '../../contracts/source-name';
import type { S3Access } from './s3-client';
import { CredentialsRenewalError, isOfProvider } from './s3-credentials';
import { failureOfObject, failureOfSource } from './s3-errors';
import type { SourceBytes } from '../files/source-bytes';
import { objectContent } from '../files/source-content';
import { fitsUrl, type ObjectSources } from '../files/source-object';

type Place = Omit<S3Source, 'type'>;
type Range = { start: number; end: number };

/** Objects that the worker's AWS credentials can read. */
export function createS3Sources(s3: S3Access): ObjectSources {
  return {
    async resolve(place, { signal } = {}) {
      const client = s3.client();
      const head = await mapErrors(place, signal, () => lookAt(client, place, signal));
      const sizeBytes = head.ContentLength ?? 0;
      if (isArchived(head)) throw refused(place, `the object is archived (${head.StorageClass}); restore it first`);
      if (sizeBytes === 0) throw refused(place, 'the object is empty; name one with bytes in it');
      const seen = { ...place, etag: head.ETag, sizeBytes };
      return {
        filename: filenameOfSource({ type: 's3', ...place }),
        sizeBytes,
        fitsUrl: fitsUrl(place),
        content: objectContent(head.ETag, head.VersionId),
        fingerprint: [head.ETag, head.VersionId, head.LastModified?.toISOString(), sizeBytes].join(' '),
        read: (range = { start: 0, end: sizeBytes }) =>
          readable((abandoned) => {
            const stop = signal ? AbortSignal.any([signal, abandoned]) : abandoned;
            return readObjectBytes(client, seen, range, stop);
          }),
        presignedUrl: (expiresInSec) => mapErrors(place, signal, () => presignUrl(client, place, expiresInSec)),
      };
    },
  };
}

const refused = (place: Place, says: string) => failureOfObject(place, { type: 'InvalidRequest', field: 'key', says });

const where = ({ bucket, key, versionId }: Place) => ({ Bucket: bucket, Key: key, VersionId: versionId });

/** Runs a request and maps its error to a failure, or to the cancellation. */
async function mapErrors<T>(place: Place, signal: AbortSignal | undefined, request: () => Promise<T>): Promise<T> {
  try {
    signal?.throwIfAborted();
    return await request();
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw failureOfSource(place, error);
  }
}

async function lookAt(client: S3Client, place: Place, abortSignal?: AbortSignal): Promise<HeadObjectCommandOutput> {
  try {
    return await client.send(new HeadObjectCommand(where(place)), { abortSignal });
  } catch (error) {
    throw await tellMissingBucket(client, place, error, abortSignal);
  }
}

/** The answer to HEAD has no body, so that a missing bucket looks like a missing key; that to GET says which. */
async function tellMissingBucket(
  client: S3Client,
  place: Place,
  error: unknown,
  abortSignal?: AbortSignal,
): Promise<unknown> {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
  if (status < 300 || status >= 500) return error;
  try {
    const { Body } = await client.send(new GetObjectCommand({ ...where(place), Range: 'bytes=0-0' }), { abortSignal });
    if (Body instanceof Readable) Body.destroy();
    return error;
  } catch (said) {
    return said;
  }
}

/** The object is in an archive class, which gives no bytes until it is restored. */
function isArchived({ StorageClass, ArchiveStatus, Restore }: HeadObjectCommandOutput): boolean {
  const cold = StorageClass === 'GLACIER' || StorageClass === 'DEEP_ARCHIVE' || ArchiveStatus !== undefined;
  return cold && !Restore?.includes('ongoing-request="false"');
}

/** The provider begins to fetch within minutes; the SDK renews credentials that would expire before that. */
const MIN_LIFE_SEC = 300;

/** A presigned URL dies with the credentials, so its lifetime is capped at theirs. */
async function presignUrl(client: S3Client, place: Place, expiresInSec: number): Promise<string> {
  const { expiration } = await client.config.credentials().catch((error: unknown) => {
    throw isOfProvider(error) ? new CredentialsRenewalError() : error; // those that looked at the object are gone
  });
  const leftSec = expiration ? Math.floor((expiration.getTime() - Date.now()) / 1000) : expiresInSec;
  if (leftSec < Math.min(MIN_LIFE_SEC, expiresInSec)) {
    const says = `the worker’s AWS credentials end in ${Math.max(0, leftSec)} s, before the provider would have fetched it`;
    throw failureOfObject(place, {
      type: 'ProviderUnavailable',
      field: 'key',
      says: `${says}; tried again once renewed`,
    });
  }
  const expiresIn = Math.min(expiresInSec, leftSec);
  return getSignedUrl(client, new GetObjectCommand(where(place)), { expiresIn });
}

interface Seen extends Place {
  etag: string | undefined;
  sizeBytes: number;
}

/** The bytes of the object as it was first read: every later read requires the same ETag. */
async function* readObjectBytes(
  client: S3Client,
  seen: Seen,
  { start, end }: Range,
  stop: AbortSignal,
): AsyncGenerator<Buffer> {
  const unreadable = (says: string) => failureOfObject(seen, { type: 'SourceUnreadable', field: 'key', says });
  const expected = end - start;
  if (expected <= 0) return;
  try {
    const whole = start === 0 && end === seen.sizeBytes;
    const { Body } = await client.send(
      new GetObjectCommand({
        ...where(seen),
        IfMatch: seen.etag,
        Range: whole ? undefined : `bytes=${start}-${end - 1}`,
      }),
      { abortSignal: stop },
    );
    if (!(Body instanceof Readable)) throw unreadable('came without bytes');
    let sent = 0;
    for await (const chunk of addAbortSignal(stop, Body) as AsyncIterable<Buffer>) {
      sent += chunk.byteLength;
      if (sent > expected) throw unreadable(`gave more than the ${expected} bytes that were asked for`);
      yield chunk;
    }
    if (sent < expected) throw unreadable(`ended after ${sent} of ${expected} bytes`);
  } catch (error) {
    if (stop.aborted) throw stop.reason;
    throw failureOfSource(seen, error, { reading: true });
  }
}

/** A stream over `pieces` that, when it is destroyed, also ends a request that still waits for its answer. */
function readable(pieces: (abandoned: AbortSignal) => AsyncGenerator<Buffer>): ReturnType<SourceBytes['read']> {
  const abandoned = new AbortController();
  let left: AsyncGenerator<Buffer> | undefined;
  return new Readable({
    read() {
      left ??= pieces(abandoned.signal);
      left.next().then(
        ({ done, value }) => this.push(done ? null : value),
        (error: Error) => this.destroy(error),
      );
    },
    destroy(error, done) {
      abandoned.abort(error ?? undefined);
      done(error);
    },
  });
}
