import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmulator } from '../../emulator/twelvelabs/start-emulator';
import { EmulatorControl } from '../../emulator/twelvelabs/control-client';
import { providerAssets } from '../../src/client/assets/provider-assets';
import { createTwelveLabsProvider } from '../../src/providers/twelvelabs/twelvelabs-provider';
import type { MediaProvider } from '../../src/providers/media-provider';
import { OfficialSdk } from '../support/servers/official-sdk';
import { ProviderApi } from '../support/servers/provider-api';

const HOUR_MS = 3_600_000;
const SIGNED = /\?signature=[0-9a-f]{32}$/;

const providerAt = (baseUrl: string): MediaProvider =>
  createTwelveLabsProvider({ apiKey: 'tlk_any', baseUrl, requestTimeoutMs: 10_000 });

describe('with assets as the older description has them', () => {
  let sdk: OfficialSdk;
  let provider: MediaProvider;
  beforeAll(async () => {
    sdk = await OfficialSdk.start({ profile: 'seeds', processing: { baseMs: HOUR_MS, msPerMegabyte: 0 } });
    provider = providerAt(sdk.api.emulator.url);
  });
  afterAll(async () => {
    await provider.close();
    await sdk.close();
  });
  const flags = { enable_hls: 'true', enable_thumbnail: 'true' };

  test('an asset waits, is processed and becomes ready, with every field there', async () => {
    const { api } = sdk;
    const id = await api.upload('clip.mp4', flags);
    const { body: waiting } = await api.call('GET', `/assets/${id}`);
    expect(waiting).toMatchObject({ status: 'waiting', method: 'direct', url: expect.stringMatching(SIGNED) });
    const absent = ['technical_metadata', 'size', 'duration', 'error', 'user_metadata'];
    expect(absent.map((field) => waiting[field])).toEqual(absent.map(() => null));
    await api.control.advanceClock(HOUR_MS / 2);
    expect((await api.call('GET', `/assets/${id}`)).body.status).toBe('processing');
    await api.control.advanceClock(HOUR_MS / 2);
    const { body: ready } = await api.call('GET', `/assets/${id}`);
    expect(ready).toMatchObject({ status: 'ready', duration: expect.any(Number), error: null });
    const lifeMs = Date.parse(String(ready.url_expires_at)) - (await api.control.clock()).nowMs;
    expect(lifeMs).toBeLessThanOrEqual(HOUR_MS);
    expect(lifeMs).toBeGreaterThan(HOUR_MS - 60_000);
  });

  test('the official client reads such assets', async () => {
    const { client, api } = sdk;
    const id = await api.upload('portrait-2.png');
    expect(await client.assets.retrieve(id)).toMatchObject({ id, status: 'waiting', fileType: 'image/png' });
    const listed: (string | undefined)[] = [];
    for await (const asset of await client.assets.list({ assetIds: [id] })) listed.push(asset.id);
    expect(listed).toEqual([id]);
  });

  test('the client gives every field of an asset, from get and from list, and nulls as absent', async () => {
    const { api } = sdk;
    const assets = providerAssets(async () => provider);
    const id = await api.upload('city.mp4', { ...flags, user_metadata: '{"season":2}' });
    const waiting = await assets.get(id);
    expect(waiting).toMatchObject({
      ...{ id, status: 'waiting', method: 'direct', filename: 'city.mp4', fileType: 'video/mp4' },
      ...{ url: expect.stringMatching(SIGNED), urlExpiresAt: expect.any(String), metadata: { season: 2 } },
      ...{ stream: { status: 'pending' }, thumbnail: { status: 'pending' } },
    });
    expect(JSON.stringify(waiting)).not.toContain('null');
    await api.control.advanceClock(HOUR_MS);
    const asset = await assets.get(id);
    expect(asset).toMatchObject({
      ...{ status: 'ready', sizeBytes: expect.any(Number), durationSec: expect.any(Number) },
      stream: { status: 'ready', manifestUrl: expect.stringMatching(/manifest\.m3u8\?signature=/) },
      thumbnail: { status: 'ready', url: expect.stringMatching(/thumbnail\.jpg\?signature=/) },
      technicalMetadata: { video_codec: 'h264', video_width: asset.widthPixels, video_height: asset.heightPixels },
    });
    const { items } = await assets.list({ ids: [id] });
    expect(Object.keys(items[0] ?? {}).sort()).toEqual(Object.keys(asset).sort());
    expect(items[0]?.stream?.manifestUrl).toMatch(SIGNED);
  });

  test('a failed asset has its message and no URL', async () => {
    const { api } = sdk;
    const id = await api.uploadBytes(Buffer.from('no video'), 'fake.mp4');
    await api.control.advanceClock(HOUR_MS);
    const asset = await providerAssets(async () => provider).get(id);
    expect(asset).toMatchObject({ status: 'failed', errorMessage: expect.any(String) });
    expect(asset.url).toBeUndefined();
  });

  test('the profile is a setting of the control API too', async () => {
    const { api } = sdk;
    const id = await api.upload('melody.mp3');
    await api.control.setProfile('current');
    expect((await api.call('GET', `/assets/${id}`)).body).not.toHaveProperty('url');
    await api.control.setProfile('seeds');
    expect((await api.call('GET', `/assets/${id}`)).body).toHaveProperty('url');
  });
});

test('metadata are set, replaced and cleared at the provider, and a tag stays', async () => {
  const api = await ProviderApi.start();
  const provider = providerAt(api.emulator.url);
  try {
    const assets = providerAssets(async () => provider);
    const tag = { asset_lifecycle_key: 'k', asset_lifecycle_owner: 'o' };
    const user_metadata = JSON.stringify({ ...tag, title: 'Intro' });
    const id = await api.upload('portrait-1.jpg', { user_metadata });
    const fields = { season: 2, ratio: 0.5, final: true, tags: ['a', 'b'], count: Number.MAX_SAFE_INTEGER };
    await assets.metadata.set(id, fields);
    expect((await assets.get(id)).metadata).toEqual({ ...tag, title: 'Intro', ...fields });
    await assets.metadata.set(id, { title: null, final: false });
    expect((await assets.get(id)).metadata).toEqual({ ...tag, ...fields, final: false });
    await assets.metadata.replace(id, { title: 'Other' });
    expect((await assets.get(id)).metadata).toEqual({ ...tag, title: 'Other' });
    await assets.metadata.clear(id);
    expect((await assets.get(id)).metadata).toEqual(tag);
  } finally {
    await provider.close();
    await api.close();
  }
});

test('an asset that a connector imported says from where, and one without its id is no asset', async () => {
  const api = await ProviderApi.start();
  const provider = providerAt(api.emulator.url);
  const details = { provider: 'google_drive', source_id: 's', original_filename: 'f.mp4', source_link: 'l' };
  const body = { _id: 'a', method: 'connector', status: 'ready', source: { type: 'connector', details } };
  try {
    await api.control.addFault({ route: 'GET /assets/{asset_id}', status: 200, body, times: 1 });
    const assets = providerAssets(async () => provider);
    expect(await assets.get('a')).toMatchObject({ method: 'connector', source: { type: 'connector', details } });
    await api.control.addFault({ route: 'GET /assets/{asset_id}', status: 200, body: { _id: null }, times: 1 });
    await expect(assets.get('a')).rejects.toMatchObject({ type: 'ProviderUnavailable' });
  } finally {
    await provider.close();
    await api.close();
  }
});

test('all of 10,000 assets are read in 200 requests', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-many-'));
  const file = path.join(folder, 'twelvelabs-emulator.json');
  await (await startEmulator({ stateFolder: folder })).close();
  const kept = await readFile(file, 'utf8').catch(() => '{"version":1,"advancedMs":0,"contents":{}}');
  const state = JSON.parse(kept) as { contents: Record<string, unknown[]> };
  const lists = ['media', 'embedTasks', 'collections', 'entities', 'indexes', 'indexedAssets', 'uploads'];
  for (const list of lists) state.contents[list] ??= [];
  state.contents.assets = [...Array(10_000).keys()].map((at) => ({
    ...{ id: at.toString(16).padStart(24, '0'), method: 'direct', filename: `${at}.jpg`, fileType: 'image/jpeg' },
    ...{ createdAt: at, enableHls: false, enableThumbnail: false, userMetadata: {} },
    progress: { startedAt: at, endsAt: at },
  }));
  await writeFile(file, JSON.stringify(state));
  const emulator = await startEmulator({ stateFolder: folder });
  const provider = providerAt(emulator.url);
  try {
    const ids = new Set<string>();
    for await (const { id } of providerAssets(async () => provider).listAll()) ids.add(id);
    expect(ids.size).toBe(10_000);
    const counters = await new EmulatorControl(emulator.controlUrl).counters();
    expect(counters['GET /assets']?.requests).toBe(200);
  } finally {
    await provider.close();
    await emulator.close();
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);
