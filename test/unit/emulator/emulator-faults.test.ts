import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { EmulatorControl } from '../../../emulator/twelvelabs/control-client';
import { Faults, FaultSchema } from '../../../emulator/shared/traffic/faults';
import { startEmulator, type Emulator } from '../../../emulator/twelvelabs/start-emulator';

const IMAGE = path.resolve(__dirname, '../../../samples/portrait-2.png');

let emulator: Emulator;
let control: EmulatorControl;
let image: Buffer<ArrayBuffer>;
beforeAll(async () => {
  image = Buffer.from(await readFile(IMAGE));
  emulator = await startEmulator({ processing: { baseMs: 0, msPerMegabyte: 0 } });
  control = new EmulatorControl(emulator.controlUrl);
});
afterAll(() => emulator.close());
beforeEach(() => control.reset());

const upload = (base = emulator.url): Promise<Response> => {
  const form = new FormData();
  form.append('file', new Blob([image]), 'portrait.png');
  form.append('method', 'direct');
  return fetch(`${base}/assets`, { method: 'POST', headers: { 'x-api-key': 'k' }, body: form });
};
const assets = async () => (await control.state()).assets.length;

test.each([
  ['before', 0],
  ['after', 1],
] as const)('a connection dropped %s the effect leaves %i assets', async (drop, count) => {
  await control.addFault({ route: 'POST /assets', drop, times: 1 });
  await expect(upload()).rejects.toThrow('fetch failed');
  expect(await assets()).toBe(count);
  expect((await upload()).status).toBe(201);
  expect(await control.counters()).toMatchObject({
    'POST /assets': { requests: 2, byStatus: { dropped: 1, 201: 1 } },
  });
});

test.each([
  ['before', 0],
  ['after', 1],
] as const)('a status given %s the effect leaves %i assets', async (when, count) => {
  await control.addFault({
    route: 'POST /assets',
    status: 503,
    when,
    times: 1,
    body: { code: 'busy' },
    headers: { 'retry-after': '7' },
  });
  const response = await upload();
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '7']);
  expect(await response.json()).toEqual({ code: 'busy' });
  expect(await assets()).toBe(count);
});

test('a late commit is not there when the connection drops, and comes afterwards', async () => {
  await control.addFault({ route: 'POST /assets', drop: 'before', lateMs: 300, times: 1 });
  await expect(upload()).rejects.toThrow('fetch failed');
  expect(await assets()).toBe(0);
  while ((await assets()) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await assets()).toBe(1);
});

test('a fault strikes its own route only, as often as asked, until it is removed', async () => {
  await control.addFault({ route: 'GET /assets', status: 500, times: 2 });
  const list = async () => (await fetch(`${emulator.url}/assets`, { headers: { 'x-api-key': 'k' } })).status;
  expect((await upload()).status).toBe(201);
  expect([await list(), await list(), await list()]).toEqual([500, 500, 200]);
  await control.addFault({ route: 'GET /assets', status: 500 });
  expect(await list()).toBe(500);
  await control.clearFaults();
  expect(await list()).toBe(200);
});

test('the same seed strikes the same requests', () => {
  const strikes = (seed: number): boolean[] => {
    const faults = new Faults();
    faults.add(FaultSchema.parse({ route: 'GET /assets', status: 500, probability: 0.3, seed }));
    return Array.from({ length: 200 }, () => faults.take('GET /assets') !== undefined);
  };
  expect(strikes(7)).toEqual(strikes(7));
  expect(strikes(7)).not.toEqual(strikes(8));
  const hits = strikes(7).filter(Boolean).length;
  expect(hits).toBeGreaterThan(30);
  expect(hits).toBeLessThan(90);
});

test('a fault that does nothing, or has an unknown field, is refused', async () => {
  await expect(control.addFault({ route: 'POST /assets' })).rejects.toThrow(/400/);
  await expect(control.addFault({ route: 'POST /assets', statsu: 500 } as never)).rejects.toThrow(/400/);
});

test('without a key, and with one that is not accepted, the answer is a flat 401', async () => {
  const strict = await startEmulator({ apiKeys: ['right'] });
  try {
    for (const headers of [new Headers(), new Headers({ 'x-api-key': 'wrong' })]) {
      const response = await fetch(`${strict.url}/embed-v2/tasks/x`, { headers });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ code: 'api_key_invalid', message: expect.any(String) });
    }
    expect((await fetch(`${strict.url}/assets`, { headers: { 'x-api-key': 'right' } })).status).toBe(200);
  } finally {
    await strict.close();
  }
});

test('the upload limit of the free plan is 60 a minute, and says when it ends', async () => {
  const limited = await startEmulator({
    rateLimits: 'free',
    retryAfterHeader: true,
    processing: { baseMs: 0, msPerMegabyte: 0 },
  });
  try {
    const statuses = [];
    for (let count = 0; count < 60; count++) statuses.push((await upload(limited.url)).status);
    expect(new Set(statuses)).toEqual(new Set([201]));
    const refused = await upload(limited.url);
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ code: 'too_many_requests', message: expect.stringContaining('60') });
    const header = (name: string) => Number(refused.headers.get(name) ?? Number.NaN);
    expect([header('x-ratelimit-request-remaining'), header('x-ratelimit-remaining')]).toEqual([0, 0]);
    expect(header('x-ratelimit-request-reset')).toBe(header('x-ratelimit-reset'));
    expect(header('retry-after')).toBeGreaterThan(0);
    expect((await fetch(`${limited.url}/assets`, { headers: { 'x-api-key': 'k' } })).status).toBe(200);
    await new EmulatorControl(limited.controlUrl).advanceClock(60_000);
    expect((await upload(limited.url)).status).toBe(201);
  } finally {
    await limited.close();
  }
});
