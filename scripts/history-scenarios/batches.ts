import type { WorkflowHandle } from '@temporalio/client';
import type { BatchStatus } from '../../src/contracts/batch/batch-status';
import {
  ASSET_BATCH,
  ASSET_BATCH_DELETION,
  batchWorkflowId,
  groupWorkflowId,
  PAUSE_SIGNAL,
  RESUME_SIGNAL,
  STATUS_QUERY,
} from '../../src/contracts/ids';
import { cancel, forceDelete, HOUR_MS, natively, type Recording, type Scenario } from './recording';

const files = ['portrait-1.jpg', 'portrait-2.png', 'melody.mp3'];

const start = (recording: Recording, batchId: string, more: object = {}): Promise<WorkflowHandle> => {
  const items = { type: 'list', items: files.map((path) => ({ path, key: `${batchId}/${path}` })) };
  return recording.startOther(ASSET_BATCH, batchWorkflowId(batchId), { batchId, items, ...more });
};

const removal = (recording: Recording, batchId: string): Promise<WorkflowHandle> => {
  const { provider } = recording;
  return recording.startOther(ASSET_BATCH_DELETION, batchWorkflowId(batchId), {
    batchId,
    provider,
    reason: 'recorded',
  });
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
  const group = batch.client.getHandle(groupWorkflowId(batchId, 0));
  const isThere = (): Promise<boolean> =>
    group.describe().then(
      () => true,
      () => false, // its start is under way
    );
  while (!(await isThere())) await new Promise((resolve) => setTimeout(resolve, 20));
  return group;
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
  'assetBatchDeletion/removed': async (recording) => {
    await (await start(recording, 'removed', { each: { branch: { type: 'embed' } } })).result();
    return removal(recording, 'removed');
  },
  'assetBatchDeletion/paused-and-cancelled': async (recording) => {
    await (await start(recording, 'unremoved')).result();
    await recording.control.addFault({ route: 'DELETE /assets/{asset_id}', status: 503 });
    const deletion = await removal(recording, 'unremoved');
    await deletion.signal(PAUSE_SIGNAL);
    await untilStatus(deletion, ({ phase }) => phase === 'paused');
    await cancel(deletion);
    await untilStatus(deletion, ({ phase }) => phase === 'stopping');
    await recording.control.clearFaults();
    return deletion;
  },
  'assetBatchDeletion/failure-unlisted': (recording) => removal(recording, 'unlisted'),
  'assetGroup/removed': async (recording) => {
    const batch = await start(recording, 'group-removed');
    await batch.result();
    await (await removal(recording, 'group-removed')).result();
    return batch.client.getHandle(groupWorkflowId('group-removed', 0));
  },
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
