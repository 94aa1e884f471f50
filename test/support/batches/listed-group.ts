import { createBatchSteps } from '../../../src/activities/batch/batch-steps';
import { acceptBatch } from '../../../src/batch/accept-batch';
import type { GroupStepInput } from '../../../src/contracts/batch/groups';
import { batchWorkflowId, groupWorkflowId } from '../../../src/contracts/ids';
import { activityEnvironment } from '../activity-dependencies';
import type { BatchPlace } from './batch-place';

/** Lists files as a batch in the place's store. @returns the input of a step over all of them, as one group */
export async function listedGroup(
  place: BatchPlace,
  files: readonly string[],
  { each = {}, start = 'start-1', batchId = 'b' }: { each?: object; start?: string; batchId?: string } = {},
): Promise<GroupStepInput> {
  const input = await place.put(files);
  const batch = { ...acceptBatch({ batchId, ...input, each: { ...input.each, ...each } }), batchId };
  const list = () => createBatchSteps(place.deps).listItems({ batch, start });
  const { storeId, items } = (await activityEnvironment().run(list)) as Awaited<ReturnType<typeof list>>;
  const group = {
    workflowId: groupWorkflowId(batchId, 0),
    runId: `run-of-${batchId}`,
    batchWorkflowId: batchWorkflowId(batchId),
  };
  return { ...group, stopsAtFailure: false, batchId, storeId, start, provider: 'twelvelabs', from: 0, end: items };
}
