import { UPLOAD_ROUTE } from '../../emulator/datature-vi/rules/signed-urls';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { ViSystem } from '../support/system/vi-system';
import { until } from '../support/until';

jest.setTimeout(180_000);
const OPEN = 'POST /assetSources/managed/datature/default/assetIngestionSessions';
let system: ViSystem;

beforeAll(async () => {
  system = await ViSystem.start();
  await system.restartWithQuickRetries();
}, 120_000);
beforeEach(async () => {
  await system.control.reset();
  await system.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
  await system.control.set({ sessionsTellFiles: true });
});
afterAll(() => system?.close());

const sessions = async () => (await system.control.state()).sessions;

async function killed(): Promise<void> {
  await system.worker?.kill();
  await system.control.clearFaults();
  await system.startWorker();
}

async function expectOneAsset(status: LifecycleStatus): Promise<void> {
  const { assets } = await system.control.state();
  expect(status).toMatchObject({ outcome: 'completed', asset: { id: assets[0]?.assetId } });
  expect(assets).toHaveLength(1);
  expect(await system.openSessions()).toEqual([]);
}

test('a worker that is killed between a PUT and the end of its session leaves one asset and no session open', async () => {
  await system.control.setProcessing({ baseMs: 8000, msPerMegabyte: 0 });
  const handle = await system.start('put', { source: await system.picture('put.jpg') });
  await until(async () => (await sessions())[0]?.files[0]?.arrived === true);
  await killed();
  await expectOneAsset((await handle.result()) as LifecycleStatus);
  expect(await sessions()).toHaveLength(1);
});

test('killed while the bytes are on their way, the next attempt goes on in the same session', async () => {
  await system.control.addFault({ route: UPLOAD_ROUTE, delayMs: 60_000 });
  const handle = await system.start('moving', { source: await system.picture('moving.jpg') });
  await until(async () => (await sessions()).length === 1);
  await killed();
  await expectOneAsset((await handle.result()) as LifecycleStatus);
  expect(await sessions()).toHaveLength(1);
});

test('killed before it hears of its session, it goes on in that session', async () => {
  await system.control.addFault({ route: OPEN, delayMs: 3000, times: 1 });
  const handle = await system.start('deaf', { source: await system.picture('deaf.jpg') });
  await until(async () => (await system.control.counters())[OPEN]?.requests === 1);
  await killed();
  await expectOneAsset((await handle.result()) as LifecycleStatus);
});

test('where sessions do not tell their files, a kill costs a session, which is ended and told of', async () => {
  await system.control.set({ sessionsTellFiles: false });
  await system.control.addFault({ route: UPLOAD_ROUTE, delayMs: 60_000 });
  const handle = await system.start('untold', { source: await system.picture('untold.jpg') });
  await until(async () => (await sessions()).length === 1);
  const [first] = await sessions();
  await until(async () => {
    const [attempt] = (await handle.describe()).raw.pendingActivities ?? [];
    const [details] = attempt?.heartbeatDetails?.payloads ?? [];
    return Buffer.from(details?.data ?? []).includes(first?.sessionId ?? '?');
  });
  await killed();
  const status = (await handle.result()) as LifecycleStatus;
  await expectOneAsset(status);
  expect(status.receipt?.entries).toContainEqual(
    expect.objectContaining({ resource: 'upload-session', id: first?.sessionId, result: 'deleted' }),
  );
});

test('killed while it sends and then cancelled, it leaves nothing', async () => {
  await system.control.addFault({ route: UPLOAD_ROUTE, delayMs: 60_000 });
  const handle = await system.start('both', { source: await system.picture('both.jpg') });
  await until(async () => (await sessions()).length === 1);
  await system.worker?.kill();
  await handle.signal('cancel');
  await system.control.clearFaults();
  await system.startWorker();
  const status = (await handle.result()) as LifecycleStatus;
  expect(status.outcome).toBe('cancelled');
  expect((await system.control.state()).assets).toEqual([]);
  expect(await system.openSessions()).toEqual([]);
});

test('each picture of a batch becomes one asset, and no session stays open, however often the worker is killed', async () => {
  const count = 60;
  const names = Array.from({ length: count }, (_, nth) => `${String(nth).padStart(2, '0')}.jpg`);
  const assets = async () => (await system.control.state()).assets;
  const arrived = async (): Promise<number> =>
    (await sessions()).flatMap(({ files }) => files.filter((file) => file.arrived)).length;
  await system.control.addFault({ route: UPLOAD_ROUTE, delayMs: 1000 });
  await system.control.setProcessing({ baseMs: 3000, msPerMegabyte: 0 });
  await system.startBatch('killed', await system.pictures('killed', names));
  const moments = [
    async () => (await sessions()).length > 0, // bytes are on their way
    async () => (await arrived()) > 0, // some are there
    async () => (await arrived()) >= count && (await assets()).length < count, // all are processed
    async () => (await assets()).length > 0, // some have become assets
  ];
  for (const moment of moments) {
    await until(moment);
    await system.worker?.kill();
    await system.startWorker();
  }
  expect(await system.lifecycles.batches.result('killed')).toMatchObject({
    outcome: 'completed',
    counts: { items: count, by: { completed: count } },
  });
  expect((await assets()).map(({ filename }) => filename).toSorted()).toEqual(names);
  expect(await system.openSessions()).toEqual([]);
});
