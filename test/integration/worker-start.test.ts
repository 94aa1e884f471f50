import { Connection } from '@temporalio/client';
import { callTaskQueue } from '../../src/contracts/ids';
import { System } from '../support/system/system';

jest.setTimeout(60_000);
const LONG_POLL_MS = 60_000;
let system: System;
beforeAll(async () => {
  system = await System.start();
});
afterAll(() => system?.close());

/** What a worker on another host does: it waits for calls. */
async function pollAs(identity: string): Promise<{ close(): Promise<void> }> {
  const connection = await Connection.connect({ address: system.temporal.address });
  const { namespace } = system.temporal;
  const taskQueue = { name: callTaskQueue('twelvelabs') };
  const ending = new AbortController();
  const polled = connection
    .withDeadline(Date.now() + LONG_POLL_MS, () =>
      connection.withAbortSignal(ending.signal, () =>
        connection.workflowService.pollActivityTaskQueue({ namespace, taskQueue, identity }),
      ),
    )
    .catch(() => undefined);
  for (;;) {
    const { pollers } = await connection.workflowService.describeTaskQueue({ namespace, taskQueue, taskQueueType: 2 });
    if (pollers?.some((one) => one.identity === identity)) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    async close() {
      ending.abort();
      await polled;
      await connection.close();
    },
  };
}

test('a worker whose results lie in a folder tells of workers on other hosts, which cannot delete them', async () => {
  expect(system.worker?.log).not.toContain('other hosts');
  await system.worker?.stop();
  const other = await pollAs('4711@another-host');
  try {
    const worker = await system.startWorker();
    expect(worker.log).toContain('workers on other hosts (another-host)');
    expect(worker.log).toContain('ASSET_LIFECYCLE_RESULTS=s3://bucket/prefix');
  } finally {
    await other.close();
  }
});
