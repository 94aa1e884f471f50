import { isCancellation } from '@temporalio/workflow';
import type { GroupEnd, GroupInput } from '../contracts/batch/groups';
import { Group } from './lib/group/group';
import { endsLifecycle } from './lib/step-failures';

/**
 * Some items of a batch, each from its source to its end: every step is one activity over all of them. Ready ones go on, and
 * the others follow in the next round. Its history holds counts, however many items there are.
 *
 * Signals: `cancel` and `forceDelete`, as of a lifecycle; `cancelItem` and `forceDeleteItem` stop one item, and the others
 * go on. Query: `status`, with the counts. It tells its batch of its end.
 * @throws the failure of a step that could not be taken for any item, such as of a worker with another store
 */
export async function assetGroup(input: GroupInput): Promise<GroupEnd> {
  const group = new Group(input);
  try {
    await takeItems(group);
  } catch (error) {
    if (!endsLifecycle(error)) throw error;
    throw await group.giveUp(error);
  }
  return group.close();
}

async function takeItems(group: Group): Promise<void> {
  try {
    await group.stops.whileWanted(async () => {
      while (group.hasWork) {
        await group.take('submit');
        await group.take('settle');
        await group.take('branch');
        await group.take('collect');
        await group.take('release');
        await group.take('clean');
      }
    });
  } catch (error) {
    if (!endsLifecycle(error)) throw error;
    if (!isCancellation(error) && !group.stops.isAsked) throw error;
    await group.stopItems();
  }
}
