import { randomBytes } from 'node:crypto';
import { appendFile, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { UPLOAD_ROUTE } from '../../../../emulator/datature-vi/rules/signed-urls';
import type { ItemOutcome } from '../../../../src/contracts/batch/item-outcome';
import { groupWorkflowId } from '../../../../src/contracts/ids';
import type { LifecycleStatus } from '../../../../src/contracts/lifecycle-status';
import { copyAtRest } from '../../../support/media/files-at-rest';
import { SAMPLES } from '../../../support/system/system';
import { ViSystem } from '../../../support/system/vi-system';
import { until } from '../../../support/until';

jest.setTimeout(240_000);
const HOUR_MS = 3_600_000;
const SESSION = 'GET /assetSources/managed/datature/default/assetIngestionSessions/{session_id}';
const COUNT = 40;
let system: ViSystem;

beforeAll(async () => {
  system = await ViSystem.start();
});
beforeEach(async () => {
  await system.control.reset();
  await system.control.setProcessing({ baseMs: 300, msPerMegabyte: 0 });
});
afterAll(() => system?.close());

const names = Array.from({ length: COUNT }, (_, at) => `${String(at).padStart(2, '0')}.jpg`);

const arrived = async (): Promise<number> =>
  (await system.control.state()).sessions.flatMap(({ files }) => files.filter((file) => file.arrived)).length;

const sessionsIn = (outcomes: readonly ItemOutcome[]) =>
  outcomes.map(({ receipt }) => receipt?.entries.find(({ resource }) => resource === 'upload-session'));

test.each(['cancel', 'forceDelete'] as const)(
  'a %s while the provider processes: the session is cancelled once, and each item has its receipt',
  async (stop) => {
    await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
    await system.startBatch(stop, await system.pictures(stop, names));
    await until(async () => (await arrived()) === COUNT);
    await system.lifecycles.batches[stop](stop, { reason: 'a test' });
    const status = await system.lifecycles.batches.result(stop);
    const outcome = stop === 'cancel' ? 'cancelled' : 'deleted';
    expect(status).toMatchObject({ outcome, counts: { by: { [outcome]: COUNT } } });
    const { assets, sessions } = await system.control.state();
    expect(assets).toEqual([]);
    expect(sessions).toMatchObject([{ ended: 'FailedReach', reason: 'Cancelled' }]);
    const { outcomes } = await system.reportOf(stop);
    const entries = sessionsIn(outcomes);
    expect(entries).toHaveLength(COUNT);
    expect(new Set(entries.map((entry) => `${entry?.id} ${entry?.result}`))).toEqual(
      new Set([`${sessions[0]?.sessionId} deleted`]),
    );
    expect(await system.requests(SESSION)).toBeLessThan(COUNT);
  },
);

test('a cancel while bytes are on their way leaves neither an asset nor an open session', async () => {
  await system.control.addFault({ route: UPLOAD_ROUTE, delayMs: HOUR_MS });
  const some = names.slice(0, 6);
  const folder = await system.pictures('moving', some);
  const more = randomBytes(16_000_000); // more than a connection holds
  await Promise.all(some.map((name) => appendFile(path.join(folder, name), more)));
  await system.startBatch('moving', folder);
  await until(async () => (await system.requests(UPLOAD_ROUTE)) === some.length);
  await system.lifecycles.batches.cancel('moving');
  const { counts } = await system.lifecycles.batches.result('moving');
  expect(counts).toMatchObject({ by: { cancelled: some.length } });
  expect(await system.openSessions()).toEqual([]);
  expect((await system.control.state()).assets).toEqual([]);
});

/** Starts a batch whose last picture is being written, so that its group waits, and then a lifecycle that joins it. */
async function startTogether(batchId: string, filenames: readonly string[]): Promise<WorkflowHandle> {
  const folder = await system.pictures(batchId, filenames);
  const source = await system.picture('single.jpg');
  const written = path.join(folder, filenames.at(-1) ?? '');
  await Promise.all(
    [source.path, ...filenames.map((name) => path.join(folder, name))].map((file) => utimes(file, 0, 0)),
  );
  const touch = (): Promise<void> => utimes(written, new Date(), new Date());
  await touch();
  const touching = setInterval(() => void touch(), 100);
  try {
    await system.startBatch(batchId, folder);
    await isAtWork(system.client.workflow.getHandle(groupWorkflowId(batchId, 0)), 'submitItems');
    const single = await system.start('single', { source });
    await isAtWork(single, 'submitSource');
    return single;
  } finally {
    clearInterval(touching);
  }
}

async function isAtWork(handle: WorkflowHandle, activity: string): Promise<void> {
  await until(async () => {
    const described = await handle.describe().catch(() => undefined); // it has not been started
    return (described?.raw.pendingActivities ?? []).some(
      ({ activityType, lastStartedTime }) => activityType?.name === activity && lastStartedTime,
    );
  });
}

test('a session that a single lifecycle shares goes on for it; what comes of the batch is waited for and deleted', async () => {
  await system.control.addFault({ route: UPLOAD_ROUTE, delayMs: 4000, times: 5 });
  await system.control.setProcessing({ baseMs: 40_000, msPerMegabyte: 0 });
  const single = await startTogether('with-one', names.slice(0, 10));
  await until(async () => (await arrived()) >= 6);
  await system.control.setProcessing({ baseMs: 80_000, msPerMegabyte: 0 }); // longer than one attempt of the stop waits
  await until(async () => (await arrived()) === 11);
  expect((await system.control.state()).sessions).toHaveLength(1);
  await system.lifecycles.batches.cancel('with-one');
  expect(await system.lifecycles.batches.result('with-one')).toMatchObject({ counts: { by: { cancelled: 10 } } });
  expect((await single.result()) as LifecycleStatus).toMatchObject({ outcome: 'completed' });
  expect((await system.control.state()).assets).toMatchObject([{ filename: 'single.jpg' }]);
  expect(await system.openSessions()).toEqual([]);
  const { outcomes } = await system.reportOf('with-one');
  expect(sessionsIn(outcomes).map((entry) => entry?.result)).toEqual(outcomes.map(() => 'deleted'));
});

test('a paused batch starts nothing more until it is resumed', async () => {
  const folder = await system.pictures('paused', []);
  for (const name of ['a', 'b', 'c'])
    await copyAtRest(path.join(SAMPLES, 'city.mp4'), path.join(folder, `${name}.mp4`));
  await system.control.setProcessing({ baseMs: 3000, msPerMegabyte: 0 });
  await system.startBatch('paused', folder, { inFlight: 1 });
  await until(async () => (await system.openSessions()).length === 1);
  await system.lifecycles.batches.pause('paused');
  await until(async () => (await system.lifecycles.batches.status('paused')).counts.by.completed === 1);
  await new Promise((resolve) => setTimeout(resolve, 2000)); // a start would take less
  expect((await system.control.state()).sessions).toHaveLength(1);
  await system.lifecycles.batches.resume('paused');
  expect(await system.lifecycles.batches.result('paused')).toMatchObject({ counts: { by: { completed: 3 } } });
});

test('a closed batch is removed with all that its items have made, and can be started again', async () => {
  await system.completeBatch('removed', await system.pictures('removed', names.slice(0, 12)));
  expect((await system.control.state()).assets).toHaveLength(12);
  await system.lifecycles.batches.forceDelete('removed', { all: true, reason: 'a test' });
  const status = await system.lifecycles.batches.result('removed');
  expect(status).toMatchObject({ outcome: 'deleted', reason: 'a test', counts: { by: { deleted: 12 } } });
  expect((await system.control.state()).assets).toEqual([]);
  const again = await system.completeBatch('removed', path.join(system.folder, 'removed'));
  expect(again).toMatchObject({ outcome: 'completed', counts: { by: { completed: 12 } } });
  expect((await system.control.state()).assets).toHaveLength(12);
});
