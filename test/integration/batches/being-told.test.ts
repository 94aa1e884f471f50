import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { NativeConnection, Worker } from '@temporalio/worker';
import { copyAtRest } from '../../support/media/files-at-rest';
import { ROOT } from '../../support/imports';
import { SAMPLES, System } from '../../support/system/system';

jest.setTimeout(180_000);
const QUEUE = 'a-team-of-callers';

/** The workflows of the page's recipe, and one that waits for the signal. */
async function callersWorkflows(folder: string): Promise<string> {
  const page = await readFile(path.join(ROOT, 'docs/batches.md'), 'utf8');
  const recipe = /## Being told of the end[^]*?```ts\n([^]*?)```/.exec(page)?.[1] ?? '';
  const waiting = `
    import { condition, defineSignal, setHandler } from '@temporalio/workflow';
    export async function waitsForTheBatch(): Promise<unknown> {
      let heard: unknown;
      setHandler(defineSignal<[unknown]>('batchEnded'), (status) => void (heard = status));
      await condition(() => heard !== undefined);
      return heard;
    }`;
  const file = path.join(folder, 'workflows.ts');
  await writeFile(file, recipe + waiting);
  return file;
}

let system: System;
let folder: string;
let connection: NativeConnection;
let worker: Worker;
let running: Promise<void>;
let media: string;
beforeAll(async () => {
  system = await System.start();
  folder = await mkdtemp(path.join(ROOT, 'dist', 'callers-')); // inside the package, so that its modules are found
  connection = await NativeConnection.connect({ address: system.temporal.address });
  const { namespace } = system.temporal;
  const workflowsPath = await callersWorkflows(folder);
  worker = await Worker.create({ connection, namespace, taskQueue: QUEUE, workflowsPath });
  running = worker.run();
  media = path.join(system.folder, 'told');
  await mkdir(media);
  for (const name of ['portrait-1.jpg', 'portrait-2.png'])
    await copyAtRest(path.join(SAMPLES, name), path.join(media, name));
});
afterAll(async () => {
  worker?.shutdown();
  await running;
  await connection?.close();
  await system?.close();
  await rm(folder, { recursive: true, force: true });
});

const inputOf = (batchId: string) => ({ batchId, items: { type: 'folder', path: media } });

test('a workflow of the caller’s has the batch as its child, and goes on with what it came to', async () => {
  const args = [inputOf('as-child')];
  const told = system.client.workflow.execute('ingestThenPublish', { taskQueue: QUEUE, workflowId: 'publish', args });
  expect(await told).toBe('completed: 2 of 2');
});

test('a workflow of the caller’s that runs already is told by a signal', async () => {
  const { workflow } = system.client;
  const waiting = await workflow.start('waitsForTheBatch', { taskQueue: QUEUE, workflowId: 'waiting' });
  const args = [inputOf('by-signal'), 'waiting'];
  await workflow.execute('ingestThenTell', { taskQueue: QUEUE, workflowId: 'relay', args });
  expect(await waiting.result()).toMatchObject({
    ...{ batchId: 'by-signal', outcome: 'completed', counts: { items: 2, by: { completed: 2 } } },
  });
});
