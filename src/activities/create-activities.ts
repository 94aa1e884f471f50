import type { AllActivities, LocalActivities } from '../contracts/activities';
import { refusedInput, withKeyOf, type CompleteInput } from '../contracts/lifecycle-input';
import { acceptDeletion, acceptInput, acceptSweep, branchRefusal, placeOf, plansOf } from '../providers/registry';
import { acceptBatch, acceptBatchDeletion } from '../batch/accept-batch';
import { batchIdOf, batchWorkflowId } from '../contracts/ids';
import type { AcceptedBatch, ListItems } from '../contracts/batch/batch-input';
import { listedFrom } from '../contracts/batch/listed-from';
import { createBatchSteps } from './batch/batch-steps';
import { createBatchDeletionSteps } from './batch/deletion-steps';
import { createGroupSteps } from './batch/group-steps';
import type { ActivityDependencies } from './dependencies';
import { createFindSourceQueue, queueOfFile } from './find-source-queue';
import { createHeldWaits } from './held-waits';
import { createReleaseAsset } from './ownership/release-asset';
import { createRemoveResources } from './cleanup/remove-resources';
import type { SourceQueues } from './source-queues';
import { createStartBranch } from './start-branch';
import { createStoreRecords } from './store-records';
import { createSubmitSource } from './submit-source';
import { createFindMade } from './sweep/find-made';
import { createFindOrphans } from './sweep/find-orphans';

/** All activities over the given accounts, sources and result store. */
export function createActivities(deps: ActivityDependencies): AllActivities {
  return {
    findSourceQueue: createFindSourceQueue(deps),
    submitSource: createSubmitSource(deps),
    ...createHeldWaits(deps),
    startBranch: createStartBranch(deps),
    storeRecords: createStoreRecords(deps),
    releaseAsset: createReleaseAsset(deps),
    removeResources: createRemoveResources(deps),
    findMade: createFindMade(deps),
    findOrphans: createFindOrphans(deps),
    ...createBatchSteps(deps),
    ...createGroupSteps(deps),
    ...createBatchDeletionSteps(deps),
  };
}

export interface LocalDependencies {
  /** Id of the Temporal namespace. */
  owner: string;
  sourceQueues: SourceQueues;
}

/** Steps that run inside the workflow worker. */
export const createLocalActivities = ({ owner, sourceQueues }: LocalDependencies): LocalActivities => ({
  acceptInput: async (raw, workflowId) => {
    const input = withKeyOf(acceptInput(raw), workflowId);
    const refusal = branchRefusal(input); // what the provider would refuse after the upload
    if (refusal) throw refusedInput('lifecycle', refusal);
    const place = placeOf(input);
    const sourceQueue = await sourceQueueOf(sourceQueues, input);
    return { ...input, ...(place !== undefined && { place }), plans: plansOf(input), owner, sourceQueue };
  },
  acceptBatch: async (raw, workflowId) => {
    const input = acceptBatch(raw);
    const batchId = input.batchId ?? batchIdOf(workflowId);
    if (batchId === undefined || workflowId !== batchWorkflowId(batchId)) throw otherWorkflowId('batch');
    return { ...input, batchId, fileQueue: await queueOfItems(sourceQueues, input) };
  },
  acceptBatchDeletion: async (raw, workflowId) => {
    const input = acceptBatchDeletion(raw);
    if (workflowId !== batchWorkflowId(input.batchId)) throw otherWorkflowId('deletion');
    return input;
  },
  acceptDeletion: async (input) => acceptDeletion(input),
  acceptSweep: async (input) => acceptSweep(input),
});

/** One id for a batch and its deletion, so that the two never run at once. */
const otherWorkflowId = (what: string): Error =>
  refusedInput(what, `batchId: the workflow id of a batch is "${batchWorkflowId('<batchId>')}"`);

/** Absent when nobody serves the file yet, or nobody can tell: the workflow then waits for it where all can see it. */
async function sourceQueueOf(queues: SourceQueues, { provider, source }: CompleteInput): Promise<string | undefined> {
  if (source.type !== 'file') return undefined;
  return queueOfFile(queues, provider, source.path).catch(() => undefined);
}

/** Where a folder, a manifest or the files of a list can be looked at, as {@link sourceQueueOf} has it. */
async function queueOfItems(queues: SourceQueues, { provider, items }: AcceptedBatch): Promise<string | undefined> {
  const file = items.type === 'list' ? firstFileOf(items) : listedFrom(items)?.path;
  return file === undefined ? undefined : queueOfFile(queues, provider, file).catch(() => undefined);
}

/** The others of a list are found by their own paths. */
function firstFileOf({ items }: ListItems): string | undefined {
  for (const { path, source } of items) {
    const file = path ?? (source as { path?: unknown } | undefined)?.path;
    if (typeof file === 'string') return file;
  }
  return undefined;
}
