import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { batchWorkflowId, groupWorkflowId } from '../../../src/contracts/ids';
import { SAMPLES, System } from '../../support/system/system';

/** A group looks every minute whether its batch is still there. */
jest.setTimeout(180_000);
let system: System;
beforeAll(async () => {
  system = await System.start();
});
beforeEach(() => system.control.reset());
afterAll(() => system.close());

/** A batch over a folder of pictures, all of which wait for their processing. */
async function waiting(batchId: string, count: number): Promise<{ start: () => Promise<unknown> }> {
  const folder = path.join(system.folder, batchId);
  await mkdir(folder);
  const picture = await readFile(path.join(SAMPLES, 'portrait-1.jpg'));
  for (let nth = 0; nth < count; nth++) {
    await writeFile(path.join(folder, `${nth}.jpg`), Buffer.concat([picture, Buffer.from(`${batchId} ${nth}`)]));
  }
  const start = () => system.lifecycles.batches.start({ batchId, items: { type: 'folder', path: folder } });
  await system.control.setProcessing({ baseMs: 3_600_000, msPerMegabyte: 0 });
  await start();
  await until(async () => (await assets()).length === count);
  return { start };
}

const assets = async () => (await system.control.state()).assets;
const terminate = (workflowId: string) => system.client.workflow.getHandle(workflowId).terminate('by a test');

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 200));
}

test('the groups of a batch that was terminated end by themselves and leave no asset; a new start completes', async () => {
  const { start } = await waiting('batch-gone', 4);
  await terminate(batchWorkflowId('batch-gone'));
  const group = system.client.workflow.getHandle(groupWorkflowId('batch-gone', 0));
  expect(await group.result()).toMatchObject({ counts: { by: { cancelled: 4 } } });
  expect(await assets()).toEqual([]);
  await system.control.setProcessing({ baseMs: 100, msPerMegabyte: 0 });
  await start();
  expect((await system.lifecycles.batches.result('batch-gone')).counts.by).toEqual({ completed: 4 });
  expect(await assets()).toHaveLength(4);
});

test('a sweep removes what a terminated group has left', async () => {
  await waiting('group-gone', 3);
  await terminate(groupWorkflowId('group-gone', 0));
  await terminate(batchWorkflowId('group-gone'));
  const sweep = () => system.lifecycles.sweep({ grace: '0s' });
  await until(async () => {
    await sweep();
    return (await assets()).length === 0;
  });
});

test('a new start after a terminated group takes up the assets that it has left', async () => {
  const { start } = await waiting('again', 3);
  const before = (await assets()).map(({ _id }) => _id).toSorted();
  await terminate(groupWorkflowId('again', 0));
  await terminate(batchWorkflowId('again'));
  await system.control.advanceClock(3_600_000);
  await system.control.setProcessing({ baseMs: 100, msPerMegabyte: 0 });
  await start();
  expect((await system.lifecycles.batches.result('again')).counts.by).toEqual({ completed: 3 });
  expect((await assets()).map(({ _id }) => _id).toSorted()).toEqual(before);
});
