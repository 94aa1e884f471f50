import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import {
  assetOfMark,
  fileOfMark,
  folderOfMarks,
  isContended,
  MAX_CHANGES,
  STORE_ID_FILE,
  type AssetMark,
  type MarkedAsset,
  type MarkStore,
} from '../results/mark-store';
import type { S3Access } from './s3-client';
import { s3CodeOf, s3TroubleOf } from './s3-errors';
import type { S3Folder } from './s3-result-store';
import { retryable } from './s3-store-errors';

/**
 * Marks as objects below the results' prefix. A change is written on condition that the object is still the one that was
 * read; on a server without conditional writes the later of two changes at the same moment counts.
 */
export function createS3MarkStore(s3: S3Access, { bucket, prefix }: S3Folder): MarkStore {
  let storeId: Promise<string> | undefined;
  const below = (...parts: string[]): string => [prefix, ...parts].filter(Boolean).join('/');
  const keyOf = (asset: MarkedAsset): string => below(...folderOfMarks(asset), fileOfMark(asset));
  const objects = new SmallObjects(s3, bucket);
  return {
    id: () =>
      (storeId ??= objects.keptId(below(STORE_ID_FILE)).catch((error: unknown) => {
        storeId = undefined; // it is asked for again
        throw error;
      })),

    async read(asset) {
      const { text } = await objects.read(keyOf(asset));
      return text === undefined ? undefined : (JSON.parse(text) as AssetMark);
    },

    async change(asset, change) {
      const key = keyOf(asset);
      for (let tries = 0; tries < MAX_CHANGES; tries++) {
        const { text, etag } = await objects.read(key);
        const mark = change(text === undefined ? undefined : (JSON.parse(text) as AssetMark));
        if (await objects.write(key, JSON.stringify(mark), etag)) return;
      }
      throw isContended(`s3://${bucket}/${key}`);
    },

    remove: (asset) => objects.remove(keyOf(asset)),

    async *marked(place) {
      const folder = `${below(...folderOfMarks(place))}/`;
      for await (const key of objects.keysBelow(folder)) {
        const assetId = assetOfMark(key.slice(folder.length));
        if (assetId !== undefined) yield assetId;
      }
    },
  };
}

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

  /** @param etag of the object that it replaces; none where there was none. @returns false if that is no longer so */
  write(key: string, text: string, etag: string | undefined): Promise<boolean> {
    const condition = etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag };
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
