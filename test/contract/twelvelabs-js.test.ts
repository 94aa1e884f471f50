import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type TwelveLabs, TwelvelabsApi, TwelvelabsApiClient, TwelvelabsApiError } from 'twelvelabs-js';
import type { EmulatorControl } from '../../emulator/twelvelabs/control-client';
import { startEmulator } from '../../emulator/twelvelabs/start-emulator';
import { OfficialSdk } from '../support/servers/official-sdk';

const SAMPLES = path.resolve(__dirname, '../../samples');
const sample = (name: string) => createReadStream(path.join(SAMPLES, name));

let sdk: OfficialSdk;
let control: EmulatorControl;
let client: TwelveLabs;

beforeAll(async () => {
  sdk = await OfficialSdk.start({ processing: { baseMs: 60_000, msPerMegabyte: 0 } });
  control = sdk.api.control;
  client = sdk.client;
});
afterAll(() => sdk.close());

const created = async (name: string): Promise<string> => {
  const { id } = await client.assets.create({ method: 'direct', file: sample(name), filename: name });
  if (!id) throw new Error('no asset id');
  return id;
};

/** Uploads and lets the processing time pass on the emulator's clock. */
const ready = async (name: string): Promise<string> => {
  const id = await created(name);
  await control.advanceClock(120_000);
  return id;
};

test('creates, lists, retrieves and deletes assets', async () => {
  const id = await created('clip.mp4');
  expect(await client.assets.retrieve(id)).toMatchObject({ id, status: 'processing', filename: 'clip.mp4' });
  await control.advanceClock(120_000);
  const asset = await client.assets.retrieve(id);
  expect(asset).toMatchObject({ status: 'ready', fileType: 'video/mp4', method: 'direct' });
  expect(asset.size).toBe((await readFile(path.join(SAMPLES, 'clip.mp4'))).byteLength);
  expect(asset.duration).toBeCloseTo(10, 0);
  expect(asset.createdAt).toBeInstanceOf(Date);

  const image = await created('portrait-2.png');
  const listed: (string | undefined)[] = [];
  for await (const item of await client.assets.list({ assetIds: [id, image], pageLimit: 1 })) listed.push(item.id);
  expect(listed).toEqual([image, id]);

  await client.assets.delete(id);
  await expect(client.assets.retrieve(id)).rejects.toBeInstanceOf(TwelvelabsApi.NotFoundError);
});

test('keeps, merges, replaces and clears user metadata', async () => {
  const { id = '' } = await client.assets.create({
    method: 'direct',
    file: sample('portrait-1.jpg'),
    userMetadata: JSON.stringify({ project: 'demo', season: 2 }),
  });
  await client.assets.updateUserMetadata(id, { userMetadata: { season: null, final: true } as never });
  expect((await client.assets.retrieve(id)).userMetadata).toEqual({ project: 'demo', final: true });
  await client.assets.replaceUserMetadata(id, { userMetadata: { a: 'b' } });
  expect((await client.assets.retrieve(id)).userMetadata).toEqual({ a: 'b' });
  await client.assets.deleteUserMetadata(id);
  expect((await client.assets.retrieve(id)).userMetadata).toBeUndefined();
});

test('refuses to delete an indexed asset, and deletes it by force', async () => {
  const id = await ready('city.mp4');
  const { id: indexId = '' } = await client.indexes.create({
    indexName: 'films',
    models: [{ modelName: 'marengo3.0', modelOptions: ['visual', 'audio'] }],
  });
  const { id: indexedId = '' } = await client.indexes.indexedAssets.create(indexId, { assetId: id });
  expect(['pending', 'queued', 'indexing', 'validating']).toContain(
    (await client.indexes.indexedAssets.retrieve(indexId, indexedId)).status,
  );
  await control.advanceClock(120_000);
  expect(await client.indexes.indexedAssets.retrieve(indexId, indexedId)).toMatchObject({
    assetId: id,
    status: 'ready',
  });
  await expect(client.assets.delete(id)).rejects.toBeInstanceOf(TwelvelabsApi.ConflictError);
  await client.assets.delete(id, { force: true });
  await expect(client.assets.retrieve(id)).rejects.toBeInstanceOf(TwelvelabsApi.NotFoundError);
});

test('embeds a video in a task, and text at once', async () => {
  const assetId = await ready('clip.mp4');
  const task = await client.embed.v2.tasks.create({
    inputType: 'video',
    modelName: 'marengo3.0',
    video: { mediaSource: { assetId } },
  });
  expect(task.status).toBe('processing');
  await control.advanceClock(120_000);
  const done = await client.embed.v2.tasks.retrieve(task.id);
  expect(done.status).toBe('ready');
  const clips = done.data?.filter(({ embeddingScope }) => embeddingScope === 'clip') ?? [];
  expect(clips.length).toBeGreaterThan(0);
  expect(clips.every(({ embedding }) => embedding.length === 512)).toBe(true);
  const once = (text: string) =>
    client.embed.v2.create({ inputType: 'text', modelName: 'marengo3.0', text: { inputText: text } });
  const [a, b] = [await once('a red car'), await once('a red car')];
  expect(a.data[0]?.embedding).toEqual(b.data[0]?.embedding);
});

test('makes an entity of images, adds one and removes one', async () => {
  const [one, two] = [await ready('portrait-1.jpg'), await ready('portrait-3.jpg')];
  const { id: collectionId = '' } = await client.entityCollections.create({ name: 'people' });
  const { id: entityId = '' } = await client.entityCollections.entities.create(collectionId, {
    name: 'Ada',
    assetIds: [one],
  });
  await control.advanceClock(120_000);
  await client.entityCollections.entities.createAssets(collectionId, entityId, { assetIds: [two] });
  await client.entityCollections.entities.deleteAssets(collectionId, entityId, { assetIds: [one] });
  await control.advanceClock(120_000);
  const entity = await client.entityCollections.entities.retrieve(collectionId, entityId);
  expect(entity).toMatchObject({ name: 'Ada', status: 'ready', assetIds: [two] });
  await client.entityCollections.entities.delete(collectionId, entityId);
});

test('answers a bad key with 401, an unknown asset with 404 and a rate limit with 429', async () => {
  const strict = await startEmulator({ apiKeys: ['tlk_right'] });
  try {
    const stranger = new TwelvelabsApiClient({ apiKey: 'tlk_wrong', baseUrl: strict.url });
    await expect(stranger.assets.list({}, { maxRetries: 0 })).rejects.toMatchObject({ statusCode: 401 });
  } finally {
    await strict.close();
  }
  await expect(client.assets.retrieve('0'.repeat(24))).rejects.toBeInstanceOf(TwelvelabsApi.NotFoundError);
  await control.addFault({ route: 'POST /assets', status: 429, times: 1 });
  const limited = client.assets.create({ method: 'url', url: 'http://127.0.0.1:9/x' }, { maxRetries: 0 });
  await expect(limited).rejects.toMatchObject({ statusCode: 429 });
  await expect(limited).rejects.toBeInstanceOf(TwelvelabsApiError);
});
