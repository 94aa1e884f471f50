import { createS3SharedFiles } from '../../../src/storage/s3/s3-shared-files';
import { s3Access, type S3Access } from '../../../src/storage/s3/s3-client';
import { createS3Listing } from '../../../src/storage/s3/s3-listing';
import { createS3Sources } from '../../../src/storage/s3/s3-sources';
import { storeId } from '../../../src/storage/batches/store-id';
import { ListingPlace } from '../../support/batches/listing';
import { sharedFilesPromises } from '../../support/batches/shared-files-promises';
import { admitCoreErrors } from '../../support/core-errors';
import { S3Server } from '../../support/system/s3-server';

jest.setTimeout(60_000);
admitCoreErrors();

let server: S3Server;
let access: S3Access;
let bucket: string;
let buckets = 0;

beforeAll(async () => {
  server = await S3Server.start();
});
afterAll(() => server?.close());
beforeEach(async () => {
  Object.assign(process.env, server.environment);
  access = s3Access({ forcePathStyle: true });
  bucket = `shared-${++buckets}`;
  await server.makeBucket(bucket);
});
afterEach(() => access.close());

const files = (prefix = 'results') => createS3SharedFiles(access, { bucket, prefix });

sharedFilesPromises(files);

test('workers of one prefix know one store id, and those of another prefix another', async () => {
  const [one, two] = [await storeId(files()), await storeId(files())];
  expect(two).toBe(one);
  expect(await storeId(files('other'))).not.toBe(one);
});

test('a manifest and a prefix in S3 are listed', async () => {
  const place = await ListingPlace.make();
  try {
    const objects = { ...createS3Sources(access), ...createS3Listing(access) };
    for (const key of ['in/a.mp4', 'in/b/c.mp4']) await server.put(bucket, key, 'x');
    await server.put(bucket, 'list.csv', `s3,key\ns3://${bucket}/in/a.mp4,k1\ns3://${bucket}/in/b/c.mp4,\n`);
    const changes = { access: { ...place.access, objects } };
    const byPrefix = await place.list({ items: { type: 's3', bucket, prefix: 'in/' } }, changes);
    expect(byPrefix.items.map(({ key, sizeBytes }) => [key, sizeBytes])).toEqual([
      [`s3://${bucket}/in/a.mp4`, 1],
      [`s3://${bucket}/in/b/c.mp4`, 1],
    ]);
    const uri = `s3://${bucket}/list.csv`;
    const byManifest = await place.list({ batchId: 'm', items: { type: 'manifest', uri } }, changes);
    expect(byManifest.items.map(({ key }) => key)).toEqual(['k1', `s3://${bucket}/in/b/c.mp4`]);
    const missing = place.list({ batchId: 'n', items: { type: 'manifest', uri: `${uri}.no` } }, changes);
    await expect(missing).rejects.toMatchObject({
      message: expect.stringMatching(/^items\.uri: .*there is no such object/),
    });
  } finally {
    await place.close();
  }
});
