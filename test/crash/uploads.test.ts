import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PART_ROUTE } from '../../emulator/twelvelabs/rules/uploads/part-urls';
import type { WorkflowHandle } from '@temporalio/client';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { quickRetriesWorker } from '../support/workflow-bundles/quick-retries-worker';
import { System } from '../support/system/system';

jest.setTimeout(240_000);
const CHUNK_BYTES = 1024 ** 2;
const PARTS = 48;
const CONCURRENCY = 4;
const KILLS = 4;
let system: System;

beforeAll(async () => {
  system = await System.start({
    processing: { baseMs: 0, msPerMegabyte: 0 },
    uploads: { chunkBytes: CHUNK_BYTES, partBytes: 'hash' },
  });
  await system.worker?.stop();
  system.program = await quickRetriesWorker(system.folder);
  await system.startWorker();
});
afterAll(() => system?.close());

/** Waits for what a run is to come to. Says where run and worker are if it closes before, or takes longer than a minute. */
async function untilReached(handle: WorkflowHandle, what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await isSo())) {
    const { status, raw } = await handle.describe();
    if (status.name === 'RUNNING' && Date.now() < deadline) continue;
    const activities = JSON.stringify(raw.pendingActivities);
    throw new Error(
      `not ${what}: the run is ${status.name}, its activities ${activities}, the worker: ${system.worker?.log}`,
    );
  }
}

const reported = async (): Promise<number> => (await system.control.state()).uploads[0]?.completed_chunks ?? 0;

/** As the emulator tells the content of a file that it has only hashed. */
function hashOf(content: Buffer): string {
  const hash = createHash('sha256');
  for (let at = 0; at < content.byteLength; at += CHUNK_BYTES) {
    hash.update(
      createHash('sha256')
        .update(content.subarray(at, at + CHUNK_BYTES))
        .digest(),
    );
  }
  return hash.digest('hex');
}

test('a worker that is killed four times while it uploads sends only the parts that were on their way again', async () => {
  const content = randomBytes(PARTS * CHUNK_BYTES);
  const file = path.join(system.folder, 'large.mp4');
  await writeFile(file, content);
  await system.control.addFault({ route: PART_ROUTE, delayMs: 150 });
  const handle = await system.start('killed', {
    source: { type: 'file', path: file },
    upload: { method: 'multipart', concurrency: CONCURRENCY },
    preflight: false, // its content is noise
  });
  for (let kill = 1; kill <= KILLS; kill++) {
    const parts = (PARTS * kill) / (KILLS + 1);
    await untilReached(handle, `at ${parts} parts`, async () => (await reported()) >= parts);
    expect(await reported()).toBeLessThan(PARTS);
    await system.worker?.kill();
    await system.startWorker();
  }
  const status = (await handle.result()) as LifecycleStatus;
  const { assets, uploads } = await system.control.state();
  expect(status).toMatchObject({ outcome: 'completed', asset: { id: assets[0]?._id } });
  expect(assets).toHaveLength(1);
  expect(uploads).toMatchObject([{ status: 'completed', partsSha256: hashOf(content) }]);
  const { bytesReceived } = await system.control.partCounters();
  expect(bytesReceived).toBeLessThanOrEqual((PARTS + KILLS * CONCURRENCY) * CHUNK_BYTES);
});

test('a worker that is killed while the next one reads the session’s state leaves the upload as far as it was', async () => {
  await system.control.clearFaults();
  await system.control.addFault({ route: PART_ROUTE, delayMs: 150 });
  const { bytesReceived: before } = await system.control.partCounters();
  const file = path.join(system.folder, 'again.mp4');
  await writeFile(file, randomBytes(PARTS * CHUNK_BYTES));
  const handle = await system.start('killed while it looks', {
    source: { type: 'file', path: file },
    upload: { method: 'multipart', concurrency: CONCURRENCY },
    preflight: false, // its content is noise
  });
  await untilReached(handle, 'at a quarter of its parts', async () => {
    const { uploads } = await system.control.state();
    return (uploads[1]?.completed_chunks ?? 0) >= PARTS / 4;
  });
  await system.worker?.kill();
  await system.control.addFault({ route: 'GET /assets/multipart-uploads/{upload_id}', delayMs: 3000 });
  await system.startWorker();
  const attempt = async () => (await handle.describe()).raw.pendingActivities?.[0];
  await untilReached(handle, 'at its second attempt', async () => {
    const now = await attempt();
    return (now?.attempt ?? 1) >= 2 && !!now?.lastStartedTime;
  });
  const beats = async (): Promise<number> => Number((await attempt())?.lastHeartbeatTime?.seconds ?? 0);
  const first = await beats();
  // has told the server that it lives, and nothing of the upload
  await untilReached(handle, 'a heartbeat later', async () => (await beats()) >= first + 1);
  await system.worker?.kill();
  await system.control.clearFaults();
  await system.startWorker();
  expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  const { assets, uploads } = await system.control.state();
  expect(uploads).toHaveLength(2);
  expect(assets).toHaveLength(2);
  const { bytesReceived } = await system.control.partCounters();
  expect(bytesReceived - before).toBeLessThanOrEqual((PARTS + 2 * CONCURRENCY) * CHUNK_BYTES);
});
