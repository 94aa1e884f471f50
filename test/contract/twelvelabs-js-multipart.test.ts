import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TwelveLabs, TwelvelabsApi } from 'twelvelabs-js';
import type { EmulatorControl } from '../../emulator/twelvelabs/control-client';
import { PART_ROUTE } from '../../emulator/twelvelabs/rules/uploads/part-urls';
import { OfficialSdk } from '../support/servers/official-sdk';

const CLIP = path.resolve(__dirname, '../../samples/clip.mp4');

let sdk: OfficialSdk;
let control: EmulatorControl;
let client: TwelveLabs;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'twelvelabs-js-'));
  sdk = await OfficialSdk.start({ uploads: { chunkBytes: 20_000 } });
  control = sdk.api.control;
  client = sdk.client;
  jest.spyOn(console, 'log').mockImplementation(() => {}); // the helper tells its progress
});
afterAll(async () => {
  jest.restoreAllMocks();
  await sdk.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => control.reset());

test('uploads a file in parts, more of them than the first answer has URLs for', async () => {
  const bytes = (await readFile(CLIP)).byteLength;
  const { assetId, assetUrl } = await client.multipartUpload.uploadFile(CLIP);
  expect(assetUrl).toContain(assetId);
  const asset = await client.assets.retrieve(assetId);
  expect(asset).toMatchObject({ status: 'ready', method: 'multipart', filename: 'clip.mp4', size: bytes });
  expect(asset.duration).toBeCloseTo(10, 0);
  const chunks = Math.ceil(bytes / 20_000);
  expect(chunks).toBeGreaterThan(10);
  const counts = await control.partCounters();
  expect(counts).toMatchObject({ puts: chunks, stored: chunks, bytesReceived: bytes, withApiKey: 0 });
});

test('retries a part that the store was too busy for', async () => {
  await control.addFault({ route: PART_ROUTE, status: 503, times: 1 });
  const warned = jest.spyOn(console, 'warn').mockImplementation(() => {});
  const { assetId } = await client.multipartUpload.uploadFile(CLIP, { retryDelay: 0.01 });
  warned.mockRestore();
  expect(await client.assets.retrieve(assetId)).toMatchObject({ status: 'ready' });
});

test('shows sessions and their chunks, and ends its wait when all are in', async () => {
  const file = path.join(folder, 'noise.mp4');
  await writeFile(file, randomBytes(90_000));
  const {
    uploadId = '',
    chunkSize,
    totalChunks,
    expiresAt,
  } = await client.multipartUpload.create({
    filename: 'noise.mp4',
    type: 'video',
    totalSize: 90_000,
    userMetadata: { project: 'demo' },
  });
  expect([chunkSize, totalChunks, expiresAt]).toEqual([20_000, 5, expect.any(Date)]);
  const listed: unknown[] = [];
  for await (const item of await client.multipartUpload.listIncompleteUploads()) listed.push(item);
  expect(listed).toMatchObject([{ uploadId, status: 'active', totalSize: 90_000, createdAt: expect.any(Date) }]);

  await client.multipartUpload.uploadFile(file);
  const [done] = (await control.state()).uploads.filter(({ status }) => status === 'completed');
  const waited = await client.multipartUpload.waitForUploadCompletion(done?.upload_id ?? '');
  expect(waited).toMatchObject({ status: 'completed', completedChunks: 5, totalChunks: 5 });
});

test('throws the declared errors', async () => {
  const unknown = client.multipartUpload.getStatus('0'.repeat(24));
  await expect(unknown).rejects.toBeInstanceOf(TwelvelabsApi.NotFoundError);
  const large = client.multipartUpload.create({ filename: 'a.png', type: 'image', totalSize: 33 * 1024 ** 2 });
  await expect(large).rejects.toBeInstanceOf(TwelvelabsApi.BadRequestError);
});
