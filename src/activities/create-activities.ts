import type { AllActivities, LocalActivities } from '../contracts/activities';
import { embedRefusal } from '../providers/twelvelabs/branches/embed-rules';
import { failure } from '../contracts/failures';
import { DeletionInputSchema } from '../contracts/ledger/deletion';
import { SweepInputSchema } from '../contracts/ledger/sweep';
import { accept, acceptRun, WORKFLOW_REVISION, type CompleteInput } from '../contracts/lifecycle-input';
import { filenameOfSource } from '../contracts/source-name';
import { kindOfFile } from '../providers/twelvelabs/intake/file-kind';
import { createBranchSteps } from './branch-steps';
import type { ActivityDependencies } from './dependencies';
import { createFindSourceQueue, queueOfFile } from './find-source-queue';
import { createHeldWaits } from './held-waits';
import { createFindMade } from './sweep/find-made';
import { createFindOrphans } from './sweep/find-orphans';
import { createReleaseAsset } from './ownership/release-asset';
import { createRemoveResource, createRemoveResources } from './cleanup/remove-resources';
import type { SourceQueues } from './source-queues';
import { createSubmitSource } from './submit-source';

/** All activities over the given accounts, sources and result store. */
export function createActivities(deps: ActivityDependencies): AllActivities {
  return {
    findSourceQueue: createFindSourceQueue(deps),
    submitSource: createSubmitSource(deps),
    ...createHeldWaits(deps),
    ...createBranchSteps(deps),
    releaseAsset: createReleaseAsset(deps),
    removeResources: createRemoveResources(deps),
    removeResource: createRemoveResource(deps),
    findMade: createFindMade(deps),
    findOrphans: createFindOrphans(deps),
  };
}

export interface LocalDependencies {
  /** Id of the Temporal namespace. */
  owner: string;
  /** Without them files are uploaded from the call queue, as in runs that began before there were any. */
  sourceQueues?: SourceQueues;
}

/** Steps that run inside the workflow worker. */
export const createLocalActivities = ({ owner, sourceQueues }: LocalDependencies): LocalActivities => ({
  acceptInput: async (input, workflowId) => {
    const accepted = { ...acceptRun(input, workflowId), revision: WORKFLOW_REVISION, owner };
    refuseUnembeddable(accepted);
    return sourceQueues ? { ...accepted, sourceQueue: await sourceQueueOf(sourceQueues, accepted) } : accepted;
  },
  acceptDeletion: async (input) => accept(DeletionInputSchema, 'deletion', input),
  acceptSweep: async (input) => accept(SweepInputSchema, 'sweep', input),
});

/** Refuses before the upload what the provider would refuse after it, where the file's name tells its kind. */
function refuseUnembeddable({ source, filename, branch }: CompleteInput): void {
  if (branch.type !== 'embed' || source.type === 'asset') return;
  const name = filename ?? filenameOfSource(source);
  const kind = kindOfFile(name);
  const refusal = kind === 'other' ? undefined : embedRefusal(kind, branch);
  if (refusal) throw failure('InvalidRequest', `The lifecycle's input is not valid: ${refusal} (${name})`);
}

/** Absent when nobody serves the file yet, or nobody can tell: the workflow then waits for it where all can see it. */
async function sourceQueueOf(queues: SourceQueues, { provider, source }: CompleteInput): Promise<string | undefined> {
  if (source.type !== 'file') return undefined;
  return queueOfFile(queues, provider, source.path).catch(() => undefined);
}
