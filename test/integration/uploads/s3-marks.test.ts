import { createS3MarkStore } from '../../../src/storage/s3/s3-mark-store';
import { s3Access, type S3Access } from '../../../src/storage/s3/s3-client';
import { markStorePromises } from '../../support/mark-store-promises';
import { S3Server } from '../../support/system/s3-server';

jest.setTimeout(60_000);

let server: S3Server;
let opened: S3Access[];
let bucket: string;
let buckets = 0;

beforeAll(async () => {
  server = await S3Server.start();
});
afterAll(() => server?.close());
beforeEach(async () => {
  opened = [];
  Object.assign(process.env, server.environment);
  bucket = `marks-${++buckets}`;
  await server.makeBucket(bucket, { versioned: true });
});
afterEach(() => {
  for (const access of opened) access.close();
});

function storeIn(at = bucket) {
  const access = s3Access({ forcePathStyle: true });
  opened.push(access);
  return createS3MarkStore(access, { bucket: at, prefix: 'embeddings' });
}

markStorePromises(() => storeIn());

test('a bucket that is not there is worth another try, and is named', async () => {
  const store = storeIn('no-such-bucket');
  const asset = { owner: 'o', provider: 'p', place: 'd', assetId: 'a' };
  const refusal = { type: 'ProviderUnavailable', message: expect.stringMatching(/^results: s3:\/\/no-such-bucket\//) };
  await expect(store.change(asset, () => ({ over: 'r', fields: {} }))).rejects.toMatchObject(refusal);
  await expect(store.id()).rejects.toMatchObject(refusal);
});
