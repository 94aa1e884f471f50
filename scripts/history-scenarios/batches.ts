import type { WorkflowHandle } from '@temporalio/client';
import type { BatchStatus } from '../../src/contracts/batch/batch-status';
import { ASSET_BATCH, batchWorkflowId, groupWorkflowId, PAUSE_SIGNAL, RESUME_SIGNAL } from '../../src/contracts/ids';
import { STATUS_QUERY } from '../../src/contracts/ids';
import { cancel, forceDelete, HOUR_MS, natively, type Recording, type Scenario } from './recording';

const files = ['portrait-1.jpg', 'portrait-2.png', 'melody.mp3'];

const start = (recording: Recording, batchId: string, more: object = {}): Promise<WorkflowHandle> => {
  const items = { type: 'list', items: files.map((path) => ({ path, key: `${batchId}/${path}` })) };
  return recording.startOther(ASSET_BATCH, batchWorkflowId(batchId), { batchId, items, ...more });
};

async function untilStatus(batch: WorkflowHandle, isSo: (status: BatchStatus) => boolean): Promise<void> {
  for (;;) {
    const status = await batch.query<BatchStatus>(STATUS_QUERY);
    if (isSo(status)) return;
    if (status.outcome) throw new Error(`${batch.workflowId} has ended before`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The first group of a batch, once its asset is being made. */
async function groupOf(batch: WorkflowHandle, batchId: string): Promise<WorkflowHandle> {
  await untilStatus(batch, ({ groups }) => groups > 0);
  return batch.client.getHandle(groupWorkflowId(batchId, 0));
}

/** @param of which of the two is recorded. */
const stopped =
  (of: 'batch' | 'group', batchId: string, stop: (batch: WorkflowHandle) => Promise<unknown>): Scenario =>
  async (recording) => {
    await recording.control.setProcessing({ baseMs: HOUR_MS, msPerMegabyte: 0 });
    const batch = await start(recording, batchId);
    const group = await groupOf(batch, batchId);
    while (!(await group.describe()).raw.pendingActivities?.some(({ activityType }) => activityType?.name === WAIT)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await stop(batch);
    return of === 'batch' ? batch : group;
  };

const WAIT = 'settleItems';

export const batchScenarios: Record<string, Scenario> = {
  'assetBatch/completed': (recording) => start(recording, 'completed'),
  'assetBatch/embed': (recording) => start(recording, 'embedded', { each: { branch: { type: 'embed' } } }),
  'assetBatch/again': async (recording) => {
    await (await start(recording, 'again')).result();
    return start(recording, 'again');
  },
  'assetBatch/paused': async (recording) => {
    await recording.control.setProcessing({ baseMs: 1000, msPerMegabyte: 0 });
    const batch = await start(recording, 'paused', { inFlight: 1 });
    await batch.signal(PAUSE_SIGNAL);
    await untilStatus(batch, ({ phase }) => phase === 'paused');
    await batch.signal(RESUME_SIGNAL);
    return batch;
  },
  'assetBatch/cancelled': stopped('batch', 'cancelled', cancel),
  'assetBatch/deleted': stopped('batch', 'deleted', forceDelete),
  'assetBatch/native-cancel': stopped('batch', 'native-cancel', natively),
  'assetBatch/failure-refused-input': (recording) => start(recording, 'refused', { inFlight: 0 }),
  'assetGroup/completed': async (recording) => {
    await recording.control.setProcessing({ baseMs: 1000, msPerMegabyte: 0 });
    return groupOf(await start(recording, 'group-completed'), 'group-completed');
  },
  'assetGroup/embed': async (recording) => {
    await recording.control.setProcessing({ baseMs: 1000, msPerMegabyte: 0 });
    return groupOf(await start(recording, 'group-embed', { each: { branch: { type: 'embed' } } }), 'group-embed');
  },
  'assetGroup/told': async (recording) => {
    await recording.control.setProcessing({ baseMs: 12_000, msPerMegabyte: 0 }); // its batch hears of such a wait
    return groupOf(await start(recording, 'group-told'), 'group-told');
  },
  'assetGroup/cancelled': stopped('group', 'group-cancelled', cancel),
  'assetGroup/deleted': stopped('group', 'group-deleted', forceDelete),
};
