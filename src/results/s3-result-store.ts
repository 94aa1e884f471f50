import {
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { failure } from '../contracts/failures';
import type { S3Access } from '../sources/s3-client';
import { S3_SETUP, s3CodeOf, s3TroubleOf, type S3Trouble } from '../sources/s3-errors';
import { resultFilename, writeNdjson } from './ndjson-file';
import type { ResultStore, StoredResult } from './result-store';

/** Where in S3-compatible storage results lie. */
export interface S3Folder {
  bucket: string;
  /** Without a slash at either end; may be empty. */
  prefix: string;
}

export interface S3ResultStore extends ResultStore {
  /** Sees whether the bucket can be reached. @throws InvalidRequest · ProviderUnavailable, in a line for the operator */
  check(): Promise<void>;
}

/**
 * Results as NDJSON objects. An object appears whole or not at all, since S3 checks its SHA-256 before it keeps it.
 * The credentials need s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket.
 */
export function createS3ResultStore(s3: S3Access, { bucket, prefix }: S3Folder): S3ResultStore {
  const keyOf = (name: string): string => [prefix, resultFilename(name)].filter(Boolean).join('/');
  const uriOf = (key: string): string => `s3://${bucket}/${key}`;
  return {
    async write(name, records) {
      const key = keyOf(name);
      const folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-result-'));
      try {
        const file = path.join(folder, 'result.ndjson'); // by way of the disk: hash and length go first
        const written = await writeNdjson(file, records);
        await retryable(uriOf(key), () => put(s3, { bucket, key, file }, written));
        return { uri: uriOf(key), ...written };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },

    async remove(name) {
      const where = { Bucket: bucket, Key: keyOf(name) };
      return retryable(uriOf(where.Key), async () => {
        try {
          await s3.client().send(new HeadObjectCommand(where)); // a deletion is answered alike if there was nothing
        } catch (error) {
          if (s3TroubleOf(error) === 'noKey') return false;
          throw error;
        }
        await s3.client().send(new DeleteObjectCommand(where));
        return true;
      });
    },

    async check() {
      try {
        await s3.client().send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }));
      } catch (error) {
        const says = problemOf(error);
        if (says === undefined) throw error;
        const trouble = s3TroubleOf(error);
        const passes = trouble === 'unavailable' || trouble === 'expired';
        const type = passes ? 'ProviderUnavailable' : 'InvalidRequest';
        throw failure(type, `ASSET_LIFECYCLE_RESULTS: s3://${bucket}: ${says}`);
      }
    },
  };
}

interface Target {
  bucket: string;
  key: string;
  file: string;
}

/** The name is the same on every attempt: what an earlier one wrote is left alone, anything else is replaced. */
async function put(s3: S3Access, { bucket, key, file }: Target, { sha256, bytes }: Omit<StoredResult, 'uri'>) {
  const checksum = Buffer.from(sha256, 'hex').toString('base64');
  const send = async (condition: Pick<PutObjectCommandInput, 'IfNoneMatch'>): Promise<void> => {
    const body = createReadStream(file);
    try {
      await s3.client().send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: body,
          ContentLength: bytes,
          ContentType: 'application/x-ndjson',
          ChecksumSHA256: checksum,
          ...condition,
        }),
      );
    } finally {
      body.destroy();
    }
  };
  try {
    await send({ IfNoneMatch: '*' });
  } catch (error) {
    const exists = s3TroubleOf(error) === 'changed';
    const unknown = s3CodeOf(error).startsWith('NotImplemented'); // the server has no conditional writes
    if (!exists && !unknown) throw error;
    if (exists && (await checksumOf(s3, bucket, key)) === checksum) return;
    await send({});
  }
}

async function checksumOf(s3: S3Access, bucket: string, key: string): Promise<string | undefined> {
  const { ChecksumSHA256 } = await s3
    .client()
    .send(new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' }));
  return ChecksumSHA256;
}

/** The operator can mend the storage while Temporal tries again, so that no result is lost for it. */
async function retryable<T>(uri: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const says = problemOf(error);
    throw says === undefined ? error : failure('ProviderUnavailable', `results: ${uri}: ${says}`);
  }
}

const SAYS: Readonly<Partial<Record<S3Trouble, string>>> = {
  ...S3_SETUP,
  noBucket: 'there is no such bucket; make it, or correct the name or the worker’s AWS_ENDPOINT_URL_S3',
  denied:
    'access is denied; allow s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket to the AWS credentials of ' +
    'the worker',
  unavailable: 'the storage cannot be reached or is busy',
};

function problemOf(error: unknown): string | undefined {
  const trouble = s3TroubleOf(error);
  if (trouble === undefined) return undefined;
  return `${SAYS[trouble] ?? 'the storage refused the request'} (${s3CodeOf(error)})`;
}
