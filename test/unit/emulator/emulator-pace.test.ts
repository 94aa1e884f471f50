import { EmulatorControl } from '../../../emulator/twelvelabs/control-client';
import { startEmulator, type Emulator } from '../../../emulator/twelvelabs/start-emulator';

const HOUR_MS = 3_600_000;
const headers = { 'x-api-key': 'k', 'content-type': 'application/json' };

let emulator: Emulator;
let control: EmulatorControl;
beforeEach(async () => {
  emulator = await startEmulator({ processing: { baseMs: 0, msPerMegabyte: 0 } });
  control = new EmulatorControl(emulator.controlUrl);
});
afterEach(() => emulator.close());

const makeIndex = (name: string): Promise<Response> =>
  fetch(`${emulator.url}/indexes`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ index_name: name, models: [{ model_name: 'marengo3.0', model_options: ['visual'] }] }),
  });

const listed = async (query = '') => {
  const response = await fetch(`${emulator.url}/indexes${query}`, { headers });
  const { data } = (await response.json()) as { data: { created_at: string }[] };
  return { data, date: Date.parse(response.headers.get('date') ?? '') };
};

test.each([HOUR_MS, -HOUR_MS])(
  'a clock that is %i ms off shows in every time, and makes nothing older',
  async (skew) => {
    await makeIndex('before');
    const real = Date.parse((await listed()).data[0]?.created_at ?? '');
    await control.skewClock(skew);
    const { data, date } = await listed();
    expect(Date.parse(data[0]?.created_at ?? '')).toBe(real + skew);
    expect(Math.abs(date - Date.now() - skew)).toBeLessThan(HOUR_MS / 2);
    expect(await control.clock()).toMatchObject({ skewMs: skew, advancedMs: 0 });
  },
);

test('filters by time read the clock as it is shown', async () => {
  await control.skewClock(HOUR_MS);
  await makeIndex('ahead');
  const shown = (await listed()).data[0]?.created_at ?? '';
  expect((await listed(`?created_at=${encodeURIComponent(shown)}`)).data).toHaveLength(1);
  const later = new Date(Date.parse(shown) + 1000).toISOString();
  expect((await listed(`?created_at=${encodeURIComponent(later)}`)).data).toHaveLength(0);
});

test('advancing the clock leaves its skew, and the other way round', async () => {
  await control.skewClock(-HOUR_MS);
  await control.advanceClock(1000);
  expect(await control.clock()).toMatchObject({ skewMs: -HOUR_MS, advancedMs: 1000 });
});

test('a slow answer leaves after its effect has taken place', async () => {
  await control.setPace({ afterEffectMs: 60_000 });
  const giveUp = new AbortController();
  const answer = fetch(`${emulator.url}/indexes`, {
    method: 'POST',
    headers,
    signal: giveUp.signal,
    body: JSON.stringify({ index_name: 'slow', models: [{ model_name: 'marengo3.0', model_options: ['visual'] }] }),
  });
  const settled = jest.fn();
  const ended = answer.then(settled, settled);
  while ((await control.state()).indexes.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(settled).not.toHaveBeenCalled();
  giveUp.abort();
  await ended;
});

test('a slow effect has not taken place when the caller gives up', async () => {
  await control.setPace({ beforeEffectMs: 60_000 });
  const giveUp = new AbortController();
  const answer = fetch(`${emulator.url}/indexes`, { headers, signal: giveUp.signal }).catch(
    (error: Error) => error.name,
  );
  while (!(await control.counters())['GET /indexes']) await new Promise((resolve) => setTimeout(resolve, 5));
  giveUp.abort();
  expect(await answer).toBe('AbortError');
  await control.setPace({});
  expect((await makeIndex('quick')).status).toBe(201);
});
