import { Context } from '@temporalio/activity';
import type { Priority } from '@temporalio/common';
import { LifecycleClient } from '../../../src/client/lifecycle-client';
import type { Activities } from '../../../src/contracts/activities';
import { failure } from '../../../src/contracts/failures';
import { ASSET_LIFECYCLE, lifecycleWorkflowId, WORKFLOW_TASK_QUEUE } from '../../../src/contracts/ids';
import { cli } from '../../support/cli';
import { fakeActivities } from '../../support/fake-activities';
import { LifecycleEnvironment } from '../../support/system/lifecycle-environment';

jest.setTimeout(120_000);
const PRIORITY = { priorityKey: 1, fairnessKey: 'tenant-7' };
const SOURCE = { type: 'url', url: 'https://example.com/a.mp4' } as const;
let environment: LifecycleEnvironment;
let client: LifecycleClient;
beforeAll(async () => {
  environment = await LifecycleEnvironment.create('dev');
  const { client: temporal, address } = environment.env;
  client = await LifecycleClient.connect({ temporal: { client: temporal, address, namespace: 'default' } });
});
afterAll(() => environment?.close());

/** Runs workers whose activities note the priority that the server dispatched each of them with. */
async function noting(
  use: () => Promise<unknown>,
  overrides: Parameters<typeof fakeActivities>[0] = {},
): Promise<Map<string, Priority | undefined>> {
  const seen = new Map<string, Priority | undefined>();
  const { activities } = fakeActivities(overrides);
  const watched = Object.fromEntries(
    Object.entries(activities).map(([name, activity]: [string, (input: never) => Promise<unknown>]) => [
      name,
      (input: never) => {
        seen.set(name, Context.current().info.priority);
        return activity(input);
      },
    ]),
  );
  await environment.with(watched as unknown as Activities, use);
  return seen;
}

const input = { source: SOURCE, branch: { type: 'embed' } } as const;
const start = {
  'the client': (key: string) => client.start({ key, ...input }, { priority: PRIORITY }),
  'the CLI': (key: string) =>
    cli(['start', SOURCE.url, '--key', key, '--branch', 'embed', '--priority', '1', '--fairness-key', 'tenant-7'], {
      TEMPORAL_ADDRESS: environment.env.address,
    }),
  'a raw start': (key: string) =>
    environment.env.client.workflow.start(ASSET_LIFECYCLE, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId: lifecycleWorkflowId('twelvelabs', key),
      args: [input],
      priority: PRIORITY,
    }),
};

test.each(Object.keys(start) as (keyof typeof start)[])(
  'priority and fairness key of %s reach every call',
  async (by) => {
    const key = `priority of ${by}`;
    const seen = await noting(async () => {
      await start[by](key);
      expect((await client.result(key)).outcome).toBe('completed');
    });
    const calls = ['submitSource', 'untilAssetReady', 'startBranch', 'untilBranchReady', 'storeRecords'];
    expect([...seen.keys()]).toEqual(expect.arrayContaining(calls));
    for (const [name, priority] of seen) expect([name, priority]).toEqual([name, expect.objectContaining(PRIORITY)]);
  },
);

test('without any, every call has the server’s own', async () => {
  const seen = await noting(async () => {
    await client.start({ key: 'plain', ...input });
    await client.result('plain');
  });
  expect(seen.size).toBeGreaterThan(3);
  for (const priority of seen.values()) {
    expect(priority?.priorityKey ?? 0).toBe(0);
    expect(priority?.fairnessKey ?? '').toBe('');
  }
});

const REFUSING = {
  async startBranch() {
    throw failure('ProviderRejected', 'The plan is used up.');
  },
};

test('a retry takes those of the key’s run', async () => {
  const key = 'goes on';
  const fail = async (use: () => Promise<unknown>) =>
    noting(async () => {
      await use();
      expect((await client.result(key)).outcome).toBe('failed');
    }, REFUSING);
  await fail(() => client.start({ key, ...input }, { priority: PRIORITY }));
  const retried = await fail(() => client.retry(key));
  expect(retried.get('untilAssetReady')).toMatchObject(PRIORITY);
});
