import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { failure } from '../../contracts/failures';
import type { SharedFiles } from '../batches/shared-files';
import type { S3Access } from './s3-client';
import { s3CodeOf, s3TroubleOf } from './s3-errors';
import type { S3Folder } from './s3-result-store';
import { retryable } from './s3-store-errors';

/**
 * Files as objects of S3-compatible storage that knows conditional writes (`If-None-Match: *`), as AWS does. The credentials
 * need s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket.
 */
export function createS3SharedFiles(s3: S3Access, { bucket, prefix }: S3Folder): SharedFiles {
  const keyOf = (name: string): string => [prefix, name].filter(Boolean).join('/');
  const uriOf = (name: string): string => `s3://${bucket}/${keyOf(name)}`;
  const keysBelow = async function* (folder: string): AsyncGenerator<string[]> {
    const below = { Bucket: bucket, Prefix: `${keyOf(folder)}/` };
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3.client() }, below)) {
      yield Contents.flatMap(({ Key }) => Key ?? []);
    }
  };
  const create = (name: string, content: string): Promise<boolean> =>
    retryable(uriOf(name), async () => {
      try {
        await s3.client().send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: keyOf(name),
            Body: content,
            ContentType: name.endsWith('.json') ? 'application/json' : 'application/x-ndjson',
            IfNoneMatch: '*',
          }),
        );
        return true;
      } catch (error) {
        if (s3TroubleOf(error) === 'changed') return false;
        throw s3CodeOf(error).startsWith('NotImplemented') ? noConditions(bucket) : error;
      }
    });
  return {
    uri: uriOf(''),
    create,

    async createAlike(names, content) {
      const created = await Promise.all(names.map(async (name) => ((await create(name, content)) ? [name] : [])));
      return new Set(created.flat());
    },

    read: (name) =>
      retryable(uriOf(name), async () => {
        try {
          const { Body } = await s3.client().send(new GetObjectCommand({ Bucket: bucket, Key: keyOf(name) }));
          return (await Body?.transformToString('utf-8')) ?? '';
        } catch (error) {
          if (s3TroubleOf(error) === 'noKey') return undefined;
          throw error;
        }
      }),

    list: (folder) =>
      retryable(uriOf(folder), async () => {
        const start = `${keyOf(folder)}/`;
        const names: string[] = [];
        const asked = { Bucket: bucket, Prefix: start, Delimiter: '/' };
        for await (const page of paginateListObjectsV2({ client: s3.client() }, asked)) {
          for (const { Key = '' } of page.Contents ?? []) names.push(Key.slice(start.length));
          for (const { Prefix = '' } of page.CommonPrefixes ?? []) names.push(Prefix.slice(start.length, -1));
        }
        return names.sort();
      }),

    remove: (name) =>
      retryable(uriOf(name), async () => {
        await s3.client().send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf(name) }));
      }),

    removeFolder: (folder) =>
      retryable(uriOf(folder), async () => {
        for await (const keys of keysBelow(folder)) {
          if (keys.length === 0) continue;
          const objects = { Objects: keys.map((Key) => ({ Key })), Quiet: true };
          const { Errors = [] } = await s3
            .client()
            .send(new DeleteObjectsCommand({ Bucket: bucket, Delete: objects, ChecksumAlgorithm: 'SHA256' }));
          const [first] = Errors;
          if (!first) continue;
          throw failure('ProviderUnavailable', `results: ${uriOf(folder)}: not removed (${first.Code ?? 'no code'})`);
        }
      }),
  };
}

export const noConditions = (bucket: string) =>
  failure(
    'InvalidRequest',
    `results: s3://${bucket}: the storage does not keep to "If-None-Match: *", by which workers agree who was first; ` +
      'use storage that knows conditional writes',
  );
