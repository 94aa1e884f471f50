import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkerProcess } from '../../../chaos/worker/worker-process';
import { fileTaskQueue } from '../../../src/contracts/ids';
import { copyAtRest } from '../../support/media/files-at-rest';
import { MAIN, SAMPLES, System } from '../../support/system/system';
import { tamperingProxy } from '../../support/servers/tampering-proxy';
import { until } from '../../support/until';

jest.setTimeout(240_000); // a step that a stopping worker took with it comes back after its heartbeat timeout
const FILES = 20;

let system: System;
/** Not below the folder of the system, which its first worker serves: the server may name that worker for two minutes more. */
let root: string;
const folder = (name: string): string => path.join(root, name);

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-sources-'));
  system = await System.start();
  for (const name of ['a', 'b', 'later']) await mkdir(folder(name));
  for (let file = 0; file < FILES; file++) {
    await copyAtRest(path.join(SAMPLES, 'portrait-1.jpg'), path.join(folder('a'), `${file}.jpg`));
  }
  await copyAtRest(path.join(SAMPLES, 'portrait-1.jpg'), path.join(folder('later'), 'late.jpg'));
  await symlink(folder('a'), folder('link'));
  await system.worker?.stop();
  await system.startWorker({ ASSET_LIFECYCLE_SOURCE_ROOTS: folder('a') });
});
afterAll(async () => {
  await system.close();
  await rm(root, { recursive: true, force: true });
});

const start = (key: string, file: string): Promise<WorkflowHandle> =>
  system.start(key, { source: { type: 'file', path: file }, filename: `${key}.jpg` });

/** A second worker, as on another host; `creates` counts its requests for an asset. */
async function otherWorker(changes: NodeJS.ProcessEnv) {
  let creates = 0;
  const { origin, pathname } = new URL(system.emulator.url);
  const proxy = await tamperingProxy(origin, (piece) => {
    if (piece.includes(`POST ${pathname.replace(/\/$/, '')}/assets HTTP`)) creates += 1;
    return piece;
  });
  const environment = { ...system.environment, TWELVELABS_BASE_URL: `${proxy.url}${pathname}`, ...changes };
  const worker = await WorkerProcess.start([MAIN, 'worker'], environment);
  return {
    creates: () => creates,
    async stop() {
      await worker.stop();
      await proxy.close();
    },
  };
}

async function historyOf(handle: WorkflowHandle) {
  const { events } = await handle.fetchHistory();
  const scheduled = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: attributes }) =>
    attributes ? [{ name: attributes.activityType?.name, queue: attributes.taskQueue?.name }] : [],
  );
  return { events: events?.length ?? 0, scheduled };
}

/** Says what the run waits for if that takes longer than a step needs that has to be tried again. */
async function resultOf(handle: WorkflowHandle): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), 120_000)));
  const result = await Promise.race([handle.result() as Promise<object>, late]).finally(() => clearTimeout(timer));
  if (result) return result;
  const { raw } = await handle.describe();
  throw new Error(`${handle.workflowId} goes on: ${JSON.stringify(raw.pendingActivities)}`);
}

test('twenty files go to the worker that serves their folder, and never to another', async () => {
  const other = await otherWorker({ ASSET_LIFECYCLE_SOURCE_ROOTS: folder('b') });
  try {
    const names = Array.from({ length: FILES }, (_, file) => `${file}.jpg`);
    const handles = await Promise.all(names.map((name) => start(`one-${name}`, path.join(folder('a'), name))));
    const results = await Promise.all(handles.map((handle) => handle.result() as Promise<{ outcome: string }>));
    expect(results.map(({ outcome }) => outcome)).toEqual(names.map(() => 'completed'));
    expect(other.creates()).toBe(0);
    expect((await system.control.counters())['POST /assets']?.requests).toBe(FILES);
    for (const handle of handles) {
      const { scheduled } = await historyOf(handle);
      const uploads = scheduled.filter(({ name }) => name === 'submitSource').map(({ queue }) => queue);
      expect(uploads).toEqual([fileTaskQueue('twelvelabs', folder('a'))]);
      expect(scheduled.map(({ name }) => name)).not.toContain('findSourceQueue');
    }
  } finally {
    await other.stop();
  }
});

test('the count of the other worker can rise: it uploads what is in its own folder', async () => {
  const other = await otherWorker({ ASSET_LIFECYCLE_SOURCE_ROOTS: folder('b') });
  try {
    await copyAtRest(path.join(SAMPLES, 'portrait-2.png'), path.join(folder('b'), 'own.png'));
    expect(await (await start('own', path.join(folder('b'), 'own.png'))).result()).toMatchObject({
      outcome: 'completed',
    });
    expect(other.creates()).toBe(1);
  } finally {
    await other.stop();
  }
});

test('a file outside every folder that is served fails as InvalidRequest after the deadline, and the provider is not called', async () => {
  const before = await system.control.counters();
  const handle = await start('outside', '/etc/hostname');
  await expect(handle.result()).rejects.toMatchObject({
    cause: {
      type: 'InvalidRequest',
      message: expect.stringMatching(
        /^source\.path: \/etc\/hostname: no worker serves a folder that holds it \(waited 2 s\)/,
      ),
      details: [{ outcome: 'failed', receipt: { entries: [] } }],
    },
  });
  expect(await system.control.counters()).toEqual(before);
});

test('a file waits for a worker that serves its folder, which then uploads it', async () => {
  await system.worker?.stop();
  await system.startWorker({
    ASSET_LIFECYCLE_SOURCE_ROOTS: folder('a'),
    ASSET_LIFECYCLE_SOURCE_DEADLINE: '60s',
  });
  const handle = await start('late', path.join(folder('later'), 'late.jpg'));
  await until(async () => {
    const { status, raw } = await handle.describe();
    expect(status.name).toBe('RUNNING');
    return raw.pendingActivities?.some(({ activityType, lastStartedTime }) => {
      return activityType?.name === 'findSourceQueue' && lastStartedTime;
    });
  });
  const other = await otherWorker({ ASSET_LIFECYCLE_SOURCE_ROOTS: folder('later') });
  try {
    expect(await resultOf(handle)).toMatchObject({ outcome: 'completed' });
    expect(other.creates()).toBe(1);
  } finally {
    await other.stop();
  }
});

test('a file that is named through a symlink elsewhere fails after the deadline, and the message says how to name it', async () => {
  await system.worker?.stop();
  await system.startWorker({ ASSET_LIFECYCLE_SOURCE_ROOTS: folder('a') });
  const handle = await start('linked', path.join(folder('link'), '0.jpg'));
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type: 'InvalidRequest', message: expect.stringContaining('symlinks on the way to it are not followed') },
  });
});

test('a worker whose root is a symlink serves the folder behind it too', async () => {
  await system.worker?.stop();
  await system.startWorker({ ASSET_LIFECYCLE_SOURCE_ROOTS: folder('link') });
  const files = [path.join(folder('link'), '1.jpg'), path.join(folder('a'), '1.jpg')];
  const handles = await Promise.all(files.map((file, index) => start(`both-${index}`, file)));
  for (const handle of handles) expect(await handle.result()).toMatchObject({ outcome: 'completed' });
});

test('a worker that serves no folder leaves a file to others, until the deadline', async () => {
  await system.worker?.stop();
  await system.startWorker({ ASSET_LIFECYCLE_SOURCE_ROOTS: '' });
  const handle = await start('unserved', path.join(folder('unserved'), 'x.jpg'));
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'InvalidRequest' } });
  const { scheduled } = await historyOf(handle);
  expect(scheduled.map(({ name }) => name)).toEqual(['findSourceQueue']);
});
