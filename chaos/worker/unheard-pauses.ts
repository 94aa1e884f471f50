import type { WorkflowInterceptors } from '@temporalio/workflow';
import { PAUSE_SIGNAL } from '../../src/contracts/ids';

/** Bundled with the product's workflows to break one promise: a batch does not hear that it is to pause. */
export const interceptors = (): WorkflowInterceptors => ({
  inbound: [
    {
      handleSignal: async (input, next) => (input.signalName === PAUSE_SIGNAL ? undefined : next(input)),
    },
  ],
});
