import type { LifecycleClient } from '../../../src/client/lifecycle-client';
import { ASSET_LIFECYCLE, lifecycleWorkflowId, WORKFLOW_TASK_QUEUE } from '../../../src/contracts/ids';
import { cli } from '../../support/cli';
import { sample, System, untilStatus } from '../../support/system/system';

jest.setTimeout(120_000);
const PRIORITY = { priorityKey: 1, fairnessKey: 'tenant-7' };
const HOUR_MS = 3_600_000;
let system: System;
let client: LifecycleClient;
beforeAll(async () => {
  system = await System.start();
  client = system.lifecycles;
});
afterAll(() => system.close());

const source = sample('portrait-1.jpg');
const handleOf = (key: string) => system.client.workflow.getHandle(lifecycleWorkflowId('twelvelabs', key));

/** Priority of the activities that the server has to dispatch for a run that waits for its asset. */
async function priorityOfCalls(key: string) {
  await untilStatus(handleOf(key), ({ phase }) => phase === 'processing');
  for (;;) {
    const { raw } = await handleOf(key).describe();
    const pending = raw.pendingActivities ?? [];
    if (pending.length > 0) return pending.map(({ priority }) => priority);
  }
}

const start = {
  client: (key: string) => client.start({ key, source }, { priority: PRIORITY }),
  CLI: (key: string) =>
    cli(['start', source.path, '--key', key, '--priority', '1', '--fairness-key', 'tenant-7'], system.environment),
  'a raw start': (key: string) =>
    system.client.workflow.start(ASSET_LIFECYCLE, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId: lifecycleWorkflowId('twelvelabs', key),
      args: [{ source }],
      priority: PRIORITY,
    }),
};

test.each(Object.keys(start) as (keyof typeof start)[])(
  'priority and fairness key of %s reach the calls',
  async (by) => {
    await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
    const key = `priority by ${by}`;
    await start[by](key);
    expect(await priorityOfCalls(key)).toEqual([expect.objectContaining(PRIORITY)]);
    await client.cancel(key);
    await client.result(key);
  },
);

test('without any, nothing is asked of the server', async () => {
  await system.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
  await client.start({ key: 'plain', source });
  for (const priority of await priorityOfCalls('plain')) {
    expect(priority?.priorityKey ?? 0).toBe(0);
    expect(priority?.fairnessKey ?? '').toBe('');
  }
  await client.forceDelete('plain');
  await client.result('plain');
});

test('a retry and a later deletion take the priority of the key’s run, and a retry may have its own', async () => {
  await system.control.setProcessing({ baseMs: 0, msPerMegabyte: 0 });
  const key = 'goes on';
  const branch = { type: 'index', indexId: '0'.repeat(24) } as const;
  await client.start({ key, source: sample('clip.mp4'), branch }, { priority: PRIORITY });
  expect((await client.result(key)).outcome).toBe('failed');
  await client.retry(key);
  expect((await client.result(key)).outcome).toBe('failed');
  expect((await handleOf(key).describe()).priority).toMatchObject(PRIORITY);
  const { workflowId, result } = await client.forceDelete(key);
  await result();
  expect((await system.client.workflow.getHandle(workflowId).describe()).priority).toMatchObject(PRIORITY);
  await client.retry(key, { priority: { priorityKey: 5 } });
  await client.result(key);
  const { priority } = await handleOf(key).describe();
  expect(priority?.priorityKey).toBe(5);
  expect(priority?.fairnessKey ?? '').toBe('');
});
