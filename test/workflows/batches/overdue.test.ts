import type { BatchStatus } from '../../../src/contracts/batch/batch-status';
import { ASSET_BATCH, batchWorkflowId, groupWorkflowId, WORKFLOW_TASK_QUEUE } from '../../../src/contracts/ids';
import { fakeBatch, newsOfAll } from '../../support/batches/fake-batch';
import { LifecycleEnvironment } from '../../support/system/lifecycle-environment';

jest.setTimeout(60_000);
let lifecycles: LifecycleEnvironment;
beforeAll(async () => {
  lifecycles = await LifecycleEnvironment.create();
}, 60_000);
afterAll(() => lifecycles.close());

test('a group that was terminated is looked at, and its batch ends without it', async () => {
  let looks = 0;
  const closed: unknown[] = [];
  const { activities } = fakeBatch(
    { items: 4, size: 2 },
    {
      submitItems: async (input) =>
        input.from === 0 ? newsOfAll(input, 'processing', 'settle') : newsOfAll(input, 'completed'),
      settleItems: async () => {
        throw new Error('tried again, for ever');
      },
      lookAtGroups: async ({ groups }) => {
        looks += 1;
        return groups.map((group) => ({ ...group, open: looks === 1, ...newsOfAll(group, 'processing') }));
      },
      closeBatch: async ({ rest, untold }) => {
        closed.push({ rest, untold });
        return { items: 2, by: { completed: 1, processing: 1 }, bytes: 0 }; // its last step has written since
      },
    },
  );
  await lifecycles.with(activities, async () => {
    const { client } = lifecycles.env;
    const batch = await client.workflow.start(ASSET_BATCH, {
      taskQueue: WORKFLOW_TASK_QUEUE,
      workflowId: batchWorkflowId('terminated'),
      args: [{ batchId: 'terminated', items: { type: 'folder', path: '/media' } }],
    });
    const { groups } = await until(batch, ({ counts }) => counts.by.completed === 2);
    expect(groups).toBe(1);
    await client.workflow.getHandle(groupWorkflowId('terminated', 0)).terminate('by a test');
    expect(await batch.result()).toMatchObject({
      outcome: 'failed',
      counts: { items: 4, by: { completed: 3, processing: 1 } },
    });
    expect(closed).toEqual([{ untold: [{ from: 0, end: 2 }] }]);
    expect(looks).toBe(2); // after ten minutes each
  });
});

interface Asked {
  query<T>(name: string): Promise<T>;
}

async function until(batch: Asked, isSo: (status: BatchStatus) => boolean): Promise<BatchStatus> {
  for (;;) {
    const status = await batch.query<BatchStatus>('status');
    if (isSo(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
