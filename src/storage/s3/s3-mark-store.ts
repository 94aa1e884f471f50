import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import type { DocumentPath, Documents } from '../results/documents';
import { isContended, markStoreOf, MAX_CHANGES, STORE_ID_FILE, type MarkStore } from '../results/mark-store';
import type { S3Access } from './s3-client';
import { s3CodeOf, s3TroubleOf } from './s3-errors';
import type { S3Folder } from './s3-result-store';
import { retryable } from './s3-store-errors';

/** Marks below the prefix of the results. */
export const createS3MarkStore = (s3: S3Access, folder: S3Folder): MarkStore => markStoreOf(s3Documents(s3, folder));

/**
 * Each document is an object. A change is written on condition that the object is still the one that was read; on a server
 * without conditional writes the later of two changes at the same moment counts.
 */
function s3Documents(s3: S3Access, { bucket, prefix }: S3Folder): Documents {
  let storeId: Promise<string> | undefined;
  const keyOf = (document: DocumentPath): string => [prefix, ...document].filter(Boolean).join('/');
  const objects = new SmallObjects(s3, bucket);
  return {
    id: () =>
      (storeId ??= objects.keptId(keyOf([STORE_ID_FILE])).catch((error: unknown) => {
        storeId = undefined; // it is asked for again
        throw error;
      })),

    read: async (document) => (await objects.read(keyOf(document))).text,

    async change(document, change) {
      const key = keyOf(document);
      let wasAbsent = false;
      for (let tries = 0; tries < MAX_CHANGES; tries++) {
        const { text, etag } = await objects.read(key);
        const changed = change(text);
        const isStillAbsent = wasAbsent && text === undefined;
        if (changed === text || (await objects.write(key, changed, isStillAbsent ? ANY : etag))) return;
        wasAbsent = text === undefined;
      }
      throw isContended(`s3://${bucket}/${key}`);
    },

    remove: (document) => objects.remove(keyOf(document)),

    async *namesIn(folder) {
      const below = `${keyOf(folder)}/`;
      for await (const key of objects.keysBelow(below)) yield key.slice(below.length);
    },
  };
}

/** Some servers refuse to make an object anew that was deleted, where the bucket keeps versions. */
const ANY = Symbol('whatever is there');

/** Objects that are read and written whole. */
class SmallObjects {
  constructor(
    private readonly s3: S3Access,
    private readonly bucket: string,
  ) {}

  /** The id that the object holds; the first who asks writes it. */
  async keptId(key: string): Promise<string> {
    for (let tries = 0; tries < MAX_CHANGES; tries++) {
      const { text } = await this.read(key);
      if (text !== undefined) return text.trim();
      await this.write(key, randomUUID(), undefined);
    }
    throw isContended(this.uriOf(key));
  }

  read(key: string): Promise<{ text?: string; etag?: string }> {
    return retryable(this.uriOf(key), async () => {
      try {
        const { Body, ETag } = await this.s3.client().send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
        return { text: await Body?.transformToString(), etag: ETag };
      } catch (error) {
        if (s3TroubleOf(error) === 'noKey') return {};
        throw error;
      }
    });
  }

  /** @param replaced ETag of the object that it replaces; none where there was none. @returns false if that is not so */
  write(key: string, text: string, replaced: string | typeof ANY | undefined): Promise<boolean> {
    const condition =
      typeof replaced === 'string' ? { IfMatch: replaced } : replaced === ANY ? {} : { IfNoneMatch: '*' };
    return retryable(this.uriOf(key), async () => {
      try {
        await this.put(key, text, condition);
      } catch (error) {
        if (isOvertaken(error)) return false;
        if (!s3CodeOf(error).startsWith('NotImplemented')) throw error;
        await this.put(key, text, {}); // the server has no conditional writes
      }
      return true;
    });
  }

  async remove(key: string): Promise<void> {
    const command = new DeleteObjectCommand({ Bucket: this.bucket, Key: key });
    await retryable(this.uriOf(key), () => this.s3.client().send(command));
  }

  async *keysBelow(folder: string): AsyncGenerator<string> {
    const listed = { Bucket: this.bucket, Prefix: folder };
    const pages = paginateListObjectsV2({ client: this.s3.client() }, listed)[Symbol.asyncIterator]();
    for (;;) {
      const page = await retryable(this.uriOf(folder), () => pages.next());
      if (page.done) return;
      yield* (page.value.Contents ?? []).flatMap(({ Key }) => Key ?? []);
    }
  }

  private put(Key: string, Body: string, condition: Pick<PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch'>) {
    const content = { Bucket: this.bucket, Key, Body, ContentType: 'application/json' };
    return this.s3.client().send(new PutObjectCommand({ ...content, ...condition }));
  }

  private uriOf(key: string): string {
    return `s3://${this.bucket}/${key}`;
  }
}

/** Another writer was faster; S3 answers 412, or 409 while that write is under way, or 404 where the object is gone. */
const isOvertaken = (error: unknown): boolean =>
  s3TroubleOf(error) === 'changed' ||
  s3TroubleOf(error) === 'noKey' ||
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === 409;
