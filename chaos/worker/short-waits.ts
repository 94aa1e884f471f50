import { workflowInfo, type WorkflowInterceptors } from '@temporalio/workflow';
import { ASSET_BATCH } from '../../src/contracts/ids';

/** After so long a batch looks what became of groups that it has not heard of. */
const OVERDUE_MS = 10_000;

/**
 * Bundled with the product's workflows, so that the death of a worker is noticed after 15 seconds also in an upload and
 * in a held wait, where the product takes minutes, and that of a group after ten. All else is as the workflows ask for.
 */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      scheduleActivity: ({ options, ...input }, next) =>
        next({
          ...input,
          options: options.heartbeatTimeout === undefined ? options : { ...options, heartbeatTimeout: '15s' },
        }),
      startTimer: (input, next) =>
        next(
          workflowInfo().workflowType === ASSET_BATCH
            ? { ...input, durationMs: Math.min(input.durationMs, OVERDUE_MS) }
            : input,
        ),
    },
  ],
});
