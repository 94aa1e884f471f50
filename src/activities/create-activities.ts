import type { Activities, LocalActivities } from '../contracts/activities';
import { acceptInput } from '../contracts/lifecycle-input';
import { createBranchSteps } from './branch-steps';
import type { ActivityDependencies } from './dependencies';
import { createHeldWaits } from './held-waits';
import { createRemoveResource } from './remove-resource';
import { createSubmitSource } from './submit-source';

/** All activities of the lifecycle over the given accounts, sources and result store. */
export function createActivities(deps: ActivityDependencies): Activities {
  return {
    submitSource: createSubmitSource(deps),
    ...createHeldWaits(deps),
    ...createBranchSteps(deps),
    removeResource: createRemoveResource(deps),
  };
}

/** Steps that run inside the workflow worker. */
export const localActivities: LocalActivities = {
  acceptInput: async (input) => acceptInput(input),
};
