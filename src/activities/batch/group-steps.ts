import type { GroupActivities, GroupNews, GroupStepInput, StopItemsInput } from '../../contracts/batch/groups';
import type { ActivityDependencies } from '../dependencies';
import { branchItem, collectItem } from './branch-item';
import { cleanItem, removeNamed, stopItem, stopNamed } from './clean-item';
import { goOver } from './go-over';
import { GroupMemories } from './group/group-memory';
import { SubmissionPlaces } from './group/submission-places';
import type { ItemStep } from './item-step';
import { releaseItem } from './release-item';
import { settleItem } from './settle-item';
import { submitItem } from './submit-item';

/** See {@link GroupActivities}. */
export function createGroupSteps(deps: ActivityDependencies): GroupActivities {
  const memories = new GroupMemories();
  const places = new SubmissionPlaces();
  const take = (input: GroupStepInput, step: ItemStep): Promise<GroupNews> =>
    goOver({ deps, memory: memories.of(input), places }, input, step);
  return {
    submitItems: (input) => take(input, submitItem),
    settleItems: (input) => take(input, settleItem),
    branchItems: (input) => take(input, branchItem),
    collectItems: (input) => take(input, collectItem),
    releaseItems: (input) => take(input, releaseItem),
    cleanItems: (input) => take(input, cleanItem),
    stopItems: (input) => take(input, stopOf(input)),
  };
}

function stopOf(input: StopItemsInput): ItemStep {
  const { items, deletes, outcome } = input;
  if (!items) return stopItem(input, input);
  return deletes && outcome === 'deleted' ? removeNamed(input, items) : stopNamed(input, items);
}
