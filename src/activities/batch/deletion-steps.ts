import type { BatchDeletionActivities } from '../../contracts/batch/batch-deletion';
import { failure } from '../../contracts/failures';
import { createBatchFiles } from '../../storage/batches/batch-files';
import { createItemOutcomes } from '../../storage/batches/item-outcomes';
import { storeId as idOfStore, mustBeStore } from '../../storage/batches/store-id';
import { BEATS, withHeartbeatEvery } from '../lib/activity-call';
import type { ActivityDependencies } from '../dependencies';
import { isBeingSwept } from './batch-steps';
import { readIndex } from './group/open-slice';

/** Each time the store lists all that have begun. */
const PLANNED_AT_ONCE = 1000;

/** See {@link BatchDeletionActivities}. */
export const createBatchDeletionSteps = ({ owner, batches }: ActivityDependencies): BatchDeletionActivities => ({
  openToDelete: ({ batchId, provider }) =>
    withHeartbeatEvery(BEATS.read, async () => {
      const storeId = await idOfStore(batches.files);
      const files = createBatchFiles(batches.files, { owner, batchId });
      if (await files.removal()) throw isBeingSwept(batchId);
      const { items, refused, bytes, provider: its } = await readIndex({ owner, batches }, { batchId, storeId });
      if (its !== provider) throw failure('InvalidRequest', `provider: batch "${batchId}" is one of "${its}"`);
      await files.reopen();
      const start = (await files.starts()).at(-1) ?? '';
      const slices = await createItemOutcomes(batches.files, { owner, batchId }).slices();
      const begun = slices.reduce((sum, { from, end }) => sum + end - from, 0);
      return { batchId, provider, storeId, start, items, refused, bytes, uri: files.uri, begun };
    }),

  groupsToDelete: ({ batchId, storeId, from }) =>
    withHeartbeatEvery(BEATS.read, async () => {
      await mustBeStore(batches.files, storeId);
      const slices = await createItemOutcomes(batches.files, { owner, batchId }).slices();
      const ahead = slices.filter((slice) => slice.from >= from);
      const groups = ahead.slice(0, PLANNED_AT_ONCE);
      const next = groups.at(-1)?.end;
      return { groups, ...(ahead.length > groups.length && { next }) };
    }),
});
