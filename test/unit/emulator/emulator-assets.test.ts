import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { EmulatorControl } from '../../../emulator/twelvelabs/control-client';
import { startEmulator, type Emulator } from '../../../emulator/twelvelabs/start-emulator';
import { serveOnLoopback } from '../../../src/cli/demo/loopback-server';

const SAMPLES = path.resolve(__dirname, '../../../samples');
const HOUR_MS = 3_600_000;

interface Asset {
  _id: string;
  status: string;
  filename: string;
  file_type?: string;
  size?: number;
  duration?: number;
  technical_metadata?: Record<string, unknown>;
  error?: { message: string };
}

let emulator: Emulator;
let control: EmulatorControl;
beforeAll(async () => {
  emulator = await startEmulator();
  control = new EmulatorControl(emulator.controlUrl);
});
afterAll(() => emulator.close());
beforeEach(async () => {
  await control.reset();
  await control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
});

async function call<T>(method: string, route: string, body?: object | FormData): Promise<{ status: number; body: T }> {
  const json = body !== undefined && !(body instanceof FormData);
  const response = await fetch(`${emulator.url}${route}`, {
    method,
    headers: { 'x-api-key': 'k', ...(json ? { 'content-type': 'application/json' } : {}) },
    ...(body === undefined ? {} : { body: json ? JSON.stringify(body) : body }),
  });
  const text = await response.text();
  return { status: response.status, body: (text ? JSON.parse(text) : undefined) as T };
}

/** The file goes first, as the official clients send it. */
async function create(bytes: Uint8Array, filename: string, fields: Record<string, string> = {}) {
  const form = new FormData();
  form.append('file', new Blob([bytes as Uint8Array<ArrayBuffer>]), filename);
  for (const [name, value] of Object.entries({ method: 'direct', ...fields })) form.append(name, value);
  return call<Asset & { code: string }>('POST', '/assets', form);
}

async function sample(name: string): Promise<string> {
  return (await create(await readFile(path.join(SAMPLES, name)), name)).body._id;
}

const get = async (id: string) => (await call<Asset>('GET', `/assets/${id}`)).body;

test('an asset becomes ready when the clock reaches its time, and only then shows what was found in it', async () => {
  const id = await sample('clip.mp4');
  await control.advanceClock(HOUR_MS / 2);
  const before = await get(id);
  expect(before).toMatchObject({ status: 'processing', file_type: 'video/mp4' });
  expect(before).not.toHaveProperty('technical_metadata');
  await control.advanceClock(HOUR_MS / 2);
  expect(await get(id)).toMatchObject({
    status: 'ready',
    technical_metadata: {
      video_codec: 'h264',
      audio_codec: 'aac',
      video_width: 640,
      video_height: 360,
      has_audio: true,
    },
  });
});

test('processing takes longer for more bytes', async () => {
  await control.setProcessing({ baseMs: 0, msPerMegabyte: HOUR_MS });
  const [small, large] = [await sample('portrait-2.png'), await sample('clip.mp4')];
  const { assets } = await control.state();
  const { nowMs } = await control.clock();
  const leftMs = (id: string) => (assets.find(({ _id }) => _id === id)?.readyAtMs ?? 0) - nowMs;
  expect(leftMs(large)).toBeGreaterThan(10 * leftMs(small));
});

test.each([
  ['melody.mp3', 'audio/mpeg'],
  ['portrait-1.jpg', 'image/jpeg'],
  ['portrait-2.png', 'image/png'],
])('%s is recognised as %s by its content, whatever it is called', async (name, type) => {
  const { body } = await create(await readFile(path.join(SAMPLES, name)), 'unnamed.bin');
  expect(body).toMatchObject({ file_type: type });
});

test('a text file called .mp4 is taken, and fails with a message', async () => {
  const { status, body } = await create(Buffer.from('this is not a video'), 'fake.mp4');
  expect([status, body.status]).toEqual([201, 'processing']);
  await control.advanceClock(HOUR_MS);
  expect(await get(body._id)).toMatchObject({ status: 'failed', error: { message: expect.stringMatching(/not/) } });
});

test('what cannot be an asset is refused at once, naming the parameter', async () => {
  const form = new FormData();
  form.append('method', 'direct');
  const answers = [
    await call('POST', '/assets', form),
    await create(Buffer.alloc(0), 'empty.mp4'),
    await create(Buffer.from('x'), 'x.mp4', { user_metadata: '{"a":{"b":1}}' }),
    await create(Buffer.from('x'), 'x.mp4', { filename: 'x'.repeat(256) }),
    await create(Buffer.from('x'), 'x.mp4', { method: 'url', url: 'file:///etc/passwd' }),
    await call('POST', '/assets', { method: 'direct' }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 400]);
  expect(answers.map(({ body }) => (body as { code: string }).code)).toEqual([
    'parameter_not_provided',
    'parameter_invalid',
    'parameter_invalid',
    'parameter_invalid',
    'parameter_invalid',
    'content_type_invalid',
  ]);
  expect((await control.state()).assets).toEqual([]);
});

test('a body that is too large or of an unknown type is refused in the shape of its route', async () => {
  const post = (route: string, type: string, body: string) =>
    fetch(`${emulator.url}${route}`, { method: 'POST', headers: { 'x-api-key': 'k', 'content-type': type }, body });
  const large = await post('/embed-v2', 'application/json', JSON.stringify({ text: 'x'.repeat(51 * 1024 ** 2) }));
  expect([large.status, await large.json()]).toMatchObject([413, { error: { code: 'request_too_large' } }]);
  const xml = await post('/indexes', 'application/xml', '<index/>');
  expect([xml.status, await xml.json()]).toMatchObject([400, { code: 'content_type_invalid' }]);
});

test('an image over 32 MB is refused', async () => {
  const image = await readFile(path.join(SAMPLES, 'portrait-1.jpg'));
  const { status, body } = await create(Buffer.concat([image, Buffer.alloc(33 * 1024 ** 2)]), 'big.jpg');
  expect([status, body.code]).toEqual([400, 'media_filesize_too_large']);
});

test('a URL is fetched after the answer, and one that does not answer makes the asset fail', async () => {
  await control.setProcessing({ baseMs: 0, msPerMegabyte: 0 });
  const bytes = await readFile(path.join(SAMPLES, 'portrait-3.jpg'));
  const host = await serveOnLoopback((request, response) => {
    if (request.url === '/there.jpg') response.end(bytes);
    else response.writeHead(403).end();
  });
  const made = async (url: string) => {
    const form = new FormData();
    form.append('method', 'url');
    form.append('url', url);
    return (await call<Asset>('POST', '/assets', form)).body._id;
  };
  const ended = async (id: string): Promise<Asset> => {
    for (;;) {
      const asset = await get(id);
      if (asset.status !== 'processing') return asset;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  try {
    expect(await ended(await made(`${host.url}/there.jpg`))).toMatchObject({
      status: 'ready',
      filename: 'there.jpg',
      size: bytes.byteLength,
    });
    const refused = await ended(await made(`${host.url}/secret.jpg?signature=abc`));
    expect(refused).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('403') } });
    expect(refused.error?.message).not.toContain('abc');
  } finally {
    await host.close();
  }
});

test('lists newest first, by ids, type and part of the name, and past the end nothing', async () => {
  const [video, audio, image] = [await sample('clip.mp4'), await sample('melody.mp3'), await sample('portrait-1.jpg')];
  const ids = async (query: string): Promise<string[]> =>
    (await call<{ data: Asset[] }>('GET', `/assets?${query}`)).body.data.map(({ _id }) => _id);
  expect(await ids('')).toEqual([image, audio, video]);
  expect(await ids('page=2&page_limit=2')).toEqual([video]);
  expect(await ids('page=3&page_limit=2')).toEqual([]);
  expect(new Set(await ids(`asset_ids=${video}&asset_ids=${image}`))).toEqual(new Set([video, image]));
  expect(await ids(`asset_ids=${'0'.repeat(24)}`)).toEqual([]);
  expect(await ids('asset_types=audio&asset_types=video')).toEqual([audio, video]);
  expect(await ids('filename=ELOD')).toEqual([audio]);
  expect((await call('GET', '/assets?page_limit=51')).status).toBe(400);
});

test('an indexed asset is deleted only by force, and an entity loses its image', async () => {
  const [video, one, two] = [await sample('clip.mp4'), await sample('portrait-1.jpg'), await sample('portrait-2.png')];
  await control.advanceClock(HOUR_MS);
  const models = [{ model_name: 'marengo3.0', model_options: ['visual'] }];
  const { body: index } = await call<{ _id: string }>('POST', '/indexes', { index_name: 'i', models });
  await call('POST', `/indexes/${index._id}/indexed-assets`, { asset_id: video });
  const { body: collection } = await call<{ _id: string }>('POST', '/entity-collections', { name: 'people' });
  await call('POST', `/entity-collections/${collection._id}/entities`, { name: 'Ada', asset_ids: [one, two] });

  expect((await call('DELETE', `/assets/${video}`)).status).toBe(409);
  const { body: references } = await call('GET', `/assets/${video}/indexed-assets`);
  expect(references).toMatchObject({ data: [{ index: { _id: index._id, name: 'i' } }] });
  expect((await call('DELETE', `/assets/${video}?force=true`)).status).toBe(204);
  expect((await call('DELETE', `/assets/${video}`)).status).toBe(404);

  expect((await call('DELETE', `/assets/${one}`)).status).toBe(204);
  expect((await control.state()).entities).toMatchObject([{ name: 'Ada', asset_ids: [two] }]);
  expect((await control.state()).indexedAssets).toEqual([]);
});

test('an asset that is not ready is refused by embed, index and entity', async () => {
  const [video, image] = [await sample('clip.mp4'), await sample('portrait-1.jpg')];
  const models = [{ model_name: 'marengo3.0', model_options: ['visual'] }];
  const { body: index } = await call<{ _id: string }>('POST', '/indexes', { index_name: 'early', models });
  const { body: collection } = await call<{ _id: string }>('POST', '/entity-collections', { name: 'early' });
  const task = { input_type: 'video', model_name: 'marengo3.0', video: { media_source: { asset_id: video } } };
  const answers = [
    await call('POST', '/embed-v2/tasks', task),
    await call('POST', `/indexes/${index._id}/indexed-assets`, { asset_id: video }),
    await call('POST', `/entity-collections/${collection._id}/entities`, { name: 'Ada', asset_ids: [image] }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
  expect(answers[0]?.body).toMatchObject({ error: { code: 'asset_not_ready' } });
  expect(answers[1]?.body).toMatchObject({ code: 'asset_not_ready' });
});
