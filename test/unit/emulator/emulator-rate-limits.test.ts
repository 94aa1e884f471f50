import type { EmulatorOptions } from '../../../emulator/twelvelabs/start-emulator';
import { ProviderApi } from '../../support/servers/provider-api';

let api: ProviderApi;
const start = async (options: EmulatorOptions) => (api = await ProviderApi.start(options));
afterEach(() => api.close());

const MINUTE_MS = 60_000;
const ONE = [{ requests: 1, windowMs: MINUTE_MS }];
const embed = (kind: string, id: string, route = '/embed-v2') =>
  api.call('POST', route, { input_type: kind, model_name: 'marengo3.0', [kind]: { media_source: { asset_id: id } } });
const text = () =>
  api.call('POST', '/embed-v2', { input_type: 'text', model_name: 'marengo3.0', text: { input_text: 'a fox' } });

test('video, audio, image and text are counted apart', async () => {
  await start({
    rateLimits: { 'embed-video': ONE, 'embed-audio': ONE, 'embed-image': ONE, 'embed-text': ONE },
  });
  const [video, audio] = [await api.upload('clip.mp4'), await api.upload('melody.mp3')];
  const image = await api.upload('portrait-1.jpg');
  const all = async () => [
    (await embed('video', video)).status,
    (await embed('audio', audio)).status,
    (await embed('image', image)).status,
    (await text()).status,
  ];
  expect(await all()).toEqual([200, 200, 200, 200]);
  expect(await all()).toEqual([429, 429, 429, 429]);
});

test('a refusal speaks as documented, and only an embed task has Retry-After', async () => {
  await start({ rateLimits: { 'embed-video': ONE } });
  const video = await api.upload('clip.mp4');
  expect((await embed('video', video)).status).toBe(200);
  const [now, task] = [await embed('video', video), await embed('video', video, '/embed-v2/tasks')];
  const words = /^You have exceeded the rate limit \(.*1 requests.*\)\. Please try again later after \d+ seconds\.$/;
  for (const { status, body } of [now, task]) {
    expect(status).toBe(429);
    expect(body.error).toMatchObject({ code: 'too_many_requests', message: expect.stringMatching(words) });
  }
  expect(now.headers.get('retry-after')).toBeNull();
  expect(Number(task.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(task.headers.get('x-ratelimit-dimensions')).toBe('Request');
});

test('no more media than the limit is taken in an hour, told in seconds', async () => {
  await start({ rateLimits: { 'embed-video': [{ mediaSec: 15, windowMs: 60 * MINUTE_MS }] } });
  const video = await api.upload('clip.mp4');
  const { duration } = (await api.call('GET', `/assets/${video}`)).body as { duration: number };
  expect(duration).toBeGreaterThan(7.5);
  const first = await embed('video', video, '/embed-v2/tasks');
  expect(first.status).toBe(202);
  const header = (name: string) => Number(first.headers.get(`x-ratelimit-duration-${name}`));
  expect([header('limit'), header('remaining')]).toEqual([15, Math.floor(15 - duration)]);
  const second = await embed('video', video, '/embed-v2/tasks');
  expect(second.status).toBe(429);
  expect(second.headers.get('x-ratelimit-dimensions')).toBe('Duration');
  expect((await api.call('GET', '/embed-v2/tasks')).body.data).toHaveLength(1);
  await api.control.advanceClock(60 * MINUTE_MS);
  expect((await embed('video', video, '/embed-v2/tasks')).status).toBe(202);
});

test('the end of a window is told by the provider’s own clock', async () => {
  await start({ rateLimits: { 'embed-text': ONE }, clockSkewMs: 60 * MINUTE_MS });
  const { headers } = await text();
  const end = Number(headers.get('x-ratelimit-request-reset')) * 1000;
  const wait = end - Date.parse(headers.get('date') ?? '');
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(MINUTE_MS + 2000);
});

test('a fault of an embed route has the shape of its errors, and one of an unknown route is refused', async () => {
  await start({});
  const body = { code: 'busy', message: 'Not now.' };
  await api.control.addFault({ route: 'POST /embed-v2', status: 503, times: 1, body });
  await api.control.addFault({ route: 'POST /embed-v2', status: 500, times: 1 });
  expect((await text()).body).toEqual({ error: body });
  expect((await text()).body).toMatchObject({ error: { code: 'emulator_fault' } });
  await api.control.addFault({ route: 'GET /assets', status: 503, times: 1, body });
  expect((await api.call('GET', '/assets')).body).toEqual(body);
  await expect(api.control.addFault({ route: 'GET /asets', status: 500 })).rejects.toThrow(/400.*no route/);
});
