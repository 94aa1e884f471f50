import type { AllActivities, LocalActivities } from '../contracts/activities';
import { DeletionInputSchema } from '../contracts/ledger/deletion';
import { SweepInputSchema } from '../contracts/ledger/sweep';
import { accept, acceptInput, WORKFLOW_REVISION } from '../contracts/lifecycle-input';
import { createBranchSteps } from './branch-steps';
import type { ActivityDependencies } from './dependencies';
import { createHeldWaits } from './held-waits';
import { createFindMade } from './ledger/find-made';
import { createFindOrphans } from './ledger/find-orphans';
import { createReleaseAsset } from './ledger/release-asset';
import { createRemoveResource, createRemoveResources } from './ledger/remove-resource';
import { createSubmitSource } from './submit-source';

/** All activities over the given accounts, sources and result store. */
export function createActivities(deps: ActivityDependencies): AllActivities {
  return {
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

/** Steps that run inside the workflow worker. */
export const localActivities: LocalActivities = {
  acceptInput: async (input) => ({ ...acceptInput(input), revision: WORKFLOW_REVISION }),
  acceptDeletion: async (input) => accept(DeletionInputSchema, 'deletion', input),
  acceptSweep: async (input) => accept(SweepInputSchema, 'sweep', input),
};
