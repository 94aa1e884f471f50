import type { FaultInput } from '../../emulator/shared/traffic/faults';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { sample, System } from '../support/system/system';
import { until } from '../support/until';

jest.setTimeout(420_000);
const RUNS = 100;
const LIMIT = { requests: 60, windowMs: 5000 };

const ROUTES = ['GET /assets', 'POST /assets', 'POST /embed-v2/tasks'];

const requestsSoFar = async (system: System): Promise<number> =>
  Object.values(await system.control.counters()).reduce((sum, { requests }) => sum + requests, 0);
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('an outage', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start({ processing: { baseMs: 300, msPerMegabyte: 0 }, rateLimits: { upload: [LIMIT] } });
  });
  afterAll(() => system?.close());

  test('is probed by one request at a time; then 100 waiting runs go on within the rate limit', async () => {
    for (const route of ['GET /assets', 'POST /assets']) await system.control.addFault({ route, status: 503 });
    const handles = await Promise.all(
      Array.from({ length: RUNS }, (_, n) => system.start(`run-${n}`, { source: sample('portrait-3.jpg') })),
    );
    await until(async () => (await requestsSoFar(system)) >= 5);
    await wait(5000); // what was under way has ended
    const before = await requestsSoFar(system);
    await wait(12_000);
    expect((await requestsSoFar(system)) - before).toBeLessThanOrEqual(10);

    await system.control.clearFaults();
    const statuses = (await Promise.all(handles.map((handle) => handle.result()))) as LifecycleStatus[];
    expect(new Set(statuses.map(({ outcome }) => outcome))).toEqual(new Set(['completed']));
    const { requests, byStatus } = (await system.control.counters())['POST /assets'] ?? { requests: 0, byStatus: {} };
    expect(byStatus['201']).toBe(RUNS);
    expect(byStatus['429'] ?? 0).toBeLessThanOrEqual(requests / 100);
  });
});

describe('one fault on its way', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start();
    await system.worker?.stop();
    await system.startWorker({ ASSET_LIFECYCLE_REQUEST_TIMEOUT: '2s' });
  });
  afterAll(() => system?.close());

  test.each<[string, Omit<FaultInput, 'route'>, string[]]>([
    ['503', { status: 503 }, ROUTES],
    ['a connection that is reset', { drop: 'before' }, ROUTES],
    ['an answer that takes a second', { delayMs: 1000 }, ROUTES],
    ['an answer that never comes', { delayMs: 3_600_000 }, ROUTES],
    // from a 429 on the worker spaces its requests for a while
    ['429 without headers and body', { status: 429, body: null }, ['POST /assets']],
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '1' }, times: 2 }, ROUTES],
  ])('%s delays a lifecycle and changes nothing else', async (name, fault, routes) => {
    await system.control.reset();
    await system.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
    for (const route of routes) {
      await system.control.addFault({ times: 1, ...fault, route });
    }
    const handle = await system.start(name, { source: sample('clip.mp4'), branch: { type: 'embed' } });
    expect(await handle.result()).toMatchObject({ outcome: 'completed', branch: { status: 'ready' } });
    const { assets } = await system.control.state();
    expect(assets).toHaveLength(1);
    expect(await system.control.faults()).toEqual([]);
  });
});
