import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { failure } from '../../contracts/failures';
import { resultName } from '../../contracts/resource';
import type { S3Access } from './s3-client';
import { s3CodeOf, s3TroubleOf } from './s3-errors';
import { problemOfStore, retryable } from './s3-store-errors';
import { writeNdjson } from '../results/ndjson-file';
import { folderOf, resultPlace, runOfFile } from '../results/result-place';
import { nameIsTaken, type ResultStore, type StoredResult } from '../results/result-store';

/** Where in S3-compatible storage results lie. */
export interface S3Folder {
  bucket: string;
  /** Without a slash at either end; may be empty. */
  prefix: string;
}

export interface S3ResultStore extends ResultStore {
  /** Checks that the bucket can be reached. @throws InvalidRequest · ProviderUnavailable, in a line for the operator */
  check(): Promise<void>;
}

/**
 * Results as NDJSON objects. An object appears whole or not at all, since S3 checks its SHA-256 before it keeps it.
 * The credentials need s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket.
 */
export function createS3ResultStore(s3: S3Access, { bucket, prefix }: S3Folder): S3ResultStore {
  const below = (...parts: string[]): string => [prefix, ...parts].filter(Boolean).join('/');
  const keyOf = (name: string): string => {
    const { folder, file } = resultPlace(name);
    return below(...folder, file);
  };
  const uriOf = (key: string): string => `s3://${bucket}/${key}`;
  return {
    async write(name, records, { again = false } = {}) {
      const key = keyOf(name);
      const folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-result-'));
      try {
        const file = path.join(folder, 'result.ndjson'); // written to disk first: the upload needs hash and length
        const written = await writeNdjson(file, records);
        await retryable(uriOf(key), () => put(s3, { bucket, key, file, mayReplace: again }, written));
        return { uri: uriOf(key), ...written };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },

    has: (name) => retryable(uriOf(keyOf(name)), () => exists(s3, { Bucket: bucket, Key: keyOf(name) })),

    async remove(name) {
      const where = { Bucket: bucket, Key: keyOf(name) };
      return retryable(uriOf(where.Key), async () => {
        if (!(await exists(s3, where))) return false; // a deletion is answered alike if there was nothing
        await s3.client().send(new DeleteObjectCommand(where));
        return true;
      });
    },

    async namesOf(lifecycle) {
      const folder = `${below(...folderOf(lifecycle))}/`;
      return retryable(uriOf(folder), async () => {
        const names: string[] = [];
        const pages = paginateListObjectsV2({ client: s3.client() }, { Bucket: bucket, Prefix: folder });
        for await (const { Contents = [] } of pages) {
          const runs = Contents.map(({ Key = '' }) => runOfFile(Key.slice(folder.length)));
          for (const runId of runs) if (runId !== undefined) names.push(resultName({ ...lifecycle, runId }));
        }
        return names;
      });
    },

    async check() {
      try {
        await s3.client().send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }));
      } catch (error) {
        const says = problemOfStore(error);
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
  mayReplace: boolean;
}

/**
 * An object with the same content is left alone. Anything else under that name is replaced only if an earlier attempt may
 * have written it.
 */
async function put(
  s3: S3Access,
  { bucket, key, file, mayReplace }: Target,
  { sha256, bytes }: Omit<StoredResult, 'uri'>,
) {
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
    const where = { Bucket: bucket, Key: key };
    const there = (await checksumOf(s3, where)) || (mayReplace ? undefined : await hashOf(s3, where));
    if (there === checksum) return;
    if (!mayReplace && there !== undefined) throw nameIsTaken(`s3://${bucket}/${key}`);
    await send({});
  }
}

interface Place {
  Bucket: string;
  Key: string;
}

const exists = async (s3: S3Access, where: Place): Promise<boolean> => (await checksumOf(s3, where)) !== undefined;

/** Base64; empty when the object has none, `undefined` when there is no object. */
async function checksumOf(s3: S3Access, where: Place): Promise<string | undefined> {
  try {
    const head = new HeadObjectCommand({ ...where, ChecksumMode: 'ENABLED' });
    return (await s3.client().send(head)).ChecksumSHA256 ?? '';
  } catch (error) {
    if (s3TroubleOf(error) === 'noKey') return undefined;
    throw error;
  }
}

/** SHA-256 of the bytes themselves, for servers that keep no checksum. */
async function hashOf(s3: S3Access, where: Place): Promise<string | undefined> {
  try {
    const { Body } = await s3.client().send(new GetObjectCommand(where));
    const hash = createHash('sha256');
    for await (const piece of Body as AsyncIterable<Buffer>) hash.update(piece);
    return hash.digest('base64');
  } catch (error) {
    if (s3TroubleOf(error) === 'noKey') return undefined;
    throw error;
  }
}
