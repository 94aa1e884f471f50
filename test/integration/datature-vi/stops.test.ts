import { randomBytes } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { LifecycleStatus } from '../../../src/contracts/lifecycle-status';
import { UPLOAD_ROUTE } from '../../../emulator/datature-vi/rules/signed-urls';
import { untilStatus } from '../../support/system/system';
import { ViSystem } from '../../support/system/vi-system';
import { until } from '../../support/until';

jest.setTimeout(120_000);
const OPEN = 'POST /assetSources/managed/datature/default/assetIngestionSessions';
const HOUR_MS = 3_600_000;
let system: ViSystem;

beforeAll(async () => {
  system = await ViSystem.start();
});
beforeEach(async () => {
  await system.control.reset();
  await system.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
});
afterAll(() => system?.close());

const sessions = async () => (await system.control.state()).sessions;
const sessionEntries = ({ receipt }: LifecycleStatus) =>
  (receipt?.entries ?? []).filter(({ resource }) => resource === 'upload-session');

async function stopped(
  handle: WorkflowHandle,
  signal: 'cancel' | 'forceDelete',
  payload = {},
): Promise<LifecycleStatus> {
  await handle.signal(signal, payload);
  return (await handle.result()) as LifecycleStatus;
}

const requests = async (route: string): Promise<number> => (await system.control.counters())[route]?.requests ?? 0;

test('stopped before its session is open, a file is never sent', async () => {
  await system.worker?.stop();
  await system.startWorker({ DATATURE_VI_SESSIONS_PER_5_MINUTES: '8' });
  await system.complete('first', { source: await system.picture('first.jpg') }); // takes the turn
  const handle = await system.start('waits', { source: await system.picture('waits.jpg') });
  await untilStatus(handle, ({ phase }) => phase === 'creating');
  await until(async () => ((await handle.describe()).raw.pendingActivities?.[0]?.lastHeartbeatTime ?? null) !== null);
  const status = await stopped(handle, 'cancel');
  expect(status).toMatchObject({ outcome: 'cancelled', receipt: { entries: [] } });
  expect(await sessions()).toHaveLength(1);
  expect((await system.control.state()).assets).toHaveLength(1);
  await system.worker?.stop();
  await system.startWorker();
});

test('stopped while its bytes are on their way, its session is cancelled and in the receipt', async () => {
  await system.control.addFault({ route: UPLOAD_ROUTE, delayMs: HOUR_MS });
  const source = await system.picture('moving.jpg');
  await appendFile(source.path, randomBytes(16_000_000)); // more than the connection holds
  const handle = await system.start('moving', { source });
  await until(async () => (await requests(UPLOAD_ROUTE)) === 1);
  const status = await stopped(handle, 'cancel');
  const [session] = await sessions();
  expect(status.outcome).toBe('cancelled');
  expect(sessionEntries(status)).toMatchObject([{ id: session?.sessionId, result: 'deleted' }]);
  expect(session?.ended).toBe('FailedReach');
  expect((await system.control.state()).assets).toEqual([]);
});

test('stopped while the answer to its session is awaited, it leaves no session open', async () => {
  await system.control.addFault({ route: OPEN, drop: 'after', times: 1 });
  const handle = await system.start('unheard', { source: await system.picture('unheard.jpg') });
  await until(async () => (await sessions()).length === 1);
  const status = await stopped(handle, 'cancel');
  expect(status.outcome).toBe('cancelled');
  expect(await system.openSessions()).toEqual([]);
  expect(sessionEntries(status)).toMatchObject([{ id: (await sessions())[0]?.sessionId, result: 'deleted' }]);
  expect((await system.control.state()).assets).toEqual([]);
});

test('one of several in a session that is stopped is not sent, and the others become assets', async () => {
  await system.control.addFault({ route: UPLOAD_ROUTE, delayMs: 2500 });
  const names = ['one.jpg', 'two.jpg', 'three.jpg'];
  const sources = await Promise.all(names.map((name) => system.picture(name)));
  const handles = await Promise.all(sources.map((source, at) => system.start(`of several ${at}`, { source })));
  await until(async () => (await sessions()).length === 1);
  const [first, ...others] = handles;
  const status = await stopped(first as WorkflowHandle, 'cancel');
  expect(status.outcome).toBe('cancelled');
  const ends = (await Promise.all(others.map((handle) => handle.result()))) as LifecycleStatus[];
  expect(ends.map(({ outcome }) => outcome)).toEqual(['completed', 'completed']);
  const { assets } = await system.control.state();
  expect(assets.map(({ filename }) => filename).toSorted()).toEqual(['three.jpg', 'two.jpg']);
  expect(sessionEntries(status)).toMatchObject([{ id: ends[0]?.ingestion?.id, result: 'deleted' }]);
  await until(async () => (await system.openSessions()).length === 0);
});

describe('stopped while the provider processes it', () => {
  test('alone in its session, the session is cancelled and no asset comes', async () => {
    await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
    const handle = await system.start('alone', { source: await system.picture('alone.jpg') });
    await untilStatus(handle, ({ phase, ingestion }) => phase === 'processing' && ingestion !== undefined);
    const status = await stopped(handle, 'cancel');
    expect(status.outcome).toBe('cancelled');
    expect(sessionEntries(status)).toMatchObject([{ id: status.ingestion?.id, result: 'deleted' }]);
    expect(await system.openSessions()).toEqual([]);
    await system.control.advanceClock(2 * HOUR_MS);
    expect((await system.control.state()).assets).toEqual([]);
  });

  test('in a session of several, its asset is waited for and deleted', async () => {
    await system.control.setProcessing({ baseMs: 4000, msPerMegabyte: 0 });
    const [one, two] = await Promise.all(['gone.jpg', 'stays.jpg'].map((name) => system.picture(name)));
    const handles = await Promise.all([system.start('gone', { source: one }), system.start('stays', { source: two })]);
    await Promise.all(handles.map((handle) => untilStatus(handle, ({ phase }) => phase === 'processing')));
    const status = await stopped(handles[0], 'cancel');
    expect(await handles[1].result()).toMatchObject({ outcome: 'completed' });
    const { assets } = await system.control.state();
    expect(assets).toMatchObject([{ filename: 'stays.jpg' }]);
    expect(status.receipt?.entries).toMatchObject([
      { resource: 'upload-session', result: 'deleted' },
      { resource: 'asset', result: 'deleted' },
    ]);
  });

  test('under "keep" it goes on to become an asset', async () => {
    await system.control.setProcessing({ baseMs: 1500, msPerMegabyte: 0 });
    const handle = await system.start('kept', { source: await system.picture('kept.jpg') });
    await untilStatus(handle, ({ phase }) => phase === 'processing');
    const status = await stopped(handle, 'cancel', { cleanup: 'keep' });
    expect(status.outcome).toBe('cancelled');
    await until(async () => (await system.control.state()).assets.length === 1);
    expect(sessionEntries(status)).toMatchObject([{ result: 'kept' }]);
    expect(await system.openSessions()).toEqual([]);
  });
});

test('stopped before it overwrote the asset with which its key had completed, it leaves that asset', async () => {
  const first = await system.complete('over', { source: await system.picture('over.jpg', 'before') });
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  const source = await system.picture('over.jpg', 'after');
  const handle = await system.start('over', { source, onAssetOverwritten: 'RemoveLinkedResource' });
  await untilStatus(handle, ({ phase }) => phase === 'processing');
  const status = await stopped(handle, 'cancel');
  expect(status.outcome).toBe('cancelled');
  const { assets } = await system.control.state();
  expect(assets).toMatchObject([{ assetId: first.asset?.id, sessionId: first.ingestion?.id }]);
  expect(await system.openSessions()).toEqual([]);
});

test('a force-delete of what an adopter took up removes it, and a cancel leaves it', async () => {
  const source = await system.picture('adopted.jpg');
  await system.complete('maker', { source });
  await system.control.addFault({ route: 'GET /assets/{asset_id}', delayMs: 2000 });
  const cancelled = await system.start('takes up', { source });
  await untilStatus(cancelled, ({ phase }) => phase === 'processing');
  expect(await stopped(cancelled, 'cancel')).toMatchObject({
    outcome: 'cancelled',
    receipt: { entries: [{ resource: 'asset', result: 'kept' }] },
  });
  const forced = await system.start('takes up by force', { source });
  await untilStatus(forced, ({ phase }) => phase === 'processing');
  expect(await stopped(forced, 'forceDelete')).toMatchObject({ outcome: 'deleted' });
  expect((await system.control.state()).assets).toEqual([]);
  expect(await requests('DELETE /assets/{asset_id}')).toBe(1);
});

test('native cancellation is told in the memo, with the session', async () => {
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  const handle = await system.start('native', { source: await system.picture('native.jpg') });
  await untilStatus(handle, ({ phase }) => phase === 'processing');
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow();
  const { memo } = await handle.describe();
  const status = memo?.status as LifecycleStatus;
  expect(sessionEntries(status)).toMatchObject([{ id: status.ingestion?.id, result: 'deleted' }]);
  expect(await system.openSessions()).toEqual([]);
});
