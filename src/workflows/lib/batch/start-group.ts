import { CancellationScope, ParentClosePolicy, startChild } from '@temporalio/workflow';
import { TypedSearchAttributes, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { GroupInput } from '../../../contracts/batch/groups';
import { ASSET_GROUP, groupWorkflowId, SEARCH_ATTRIBUTES } from '../../../contracts/ids';

/**
 * Starts a group, which outlives this run of its batch.
 * @returns false if a group of that id runs already: it will tell its end.
 */
export async function startGroup(input: GroupInput): Promise<boolean> {
  const { batchId, provider, from, end } = input;
  try {
    await CancellationScope.nonCancellable(() =>
      startChild(ASSET_GROUP, {
        workflowId: groupWorkflowId(batchId, from),
        args: [input],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        staticSummary: `${batchId} · items ${from} to ${end - 1}`,
        typedSearchAttributes: new TypedSearchAttributes([
          { key: SEARCH_ATTRIBUTES.batch, value: batchId },
          { key: SEARCH_ATTRIBUTES.provider, value: provider },
        ]),
      }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return false;
  }
}
