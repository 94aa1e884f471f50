import type { GroupActivities } from '../../contracts/batch/groups';
import type { ActivityDependencies } from '../dependencies';
import { branchItem, collectItem } from './branch-item';
import { cleanItem, stopItem } from './clean-item';
import { goOver } from './go-over';
import { releaseItem } from './release-item';
import { settleItem } from './settle-item';
import { submitItem } from './submit-item';

/** See {@link GroupActivities}. */
export const createGroupSteps = (deps: ActivityDependencies): GroupActivities => ({
  submitItems: (input) => goOver(deps, input, submitItem),
  settleItems: (input) => goOver(deps, input, settleItem),
  branchItems: (input) => goOver(deps, input, branchItem),
  collectItems: (input) => goOver(deps, input, collectItem),
  releaseItems: (input) => goOver(deps, input, releaseItem),
  cleanItems: (input) => goOver(deps, input, cleanItem),
  stopItems: (input) => goOver(deps, input, stopItem(input)),
});
