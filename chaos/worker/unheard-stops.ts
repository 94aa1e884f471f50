import { workflowInfo, type WorkflowInterceptors } from '@temporalio/workflow';
import { ASSET_BATCH } from '../../src/contracts/ids';

/** Bundled with the product's workflows to break one promise: a batch that is stopped tells its groups nothing. */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      signalWorkflow: async (input, next) => (workflowInfo().workflowType === ASSET_BATCH ? undefined : next(input)),
    },
  ],
});
