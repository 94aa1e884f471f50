import type { WorkflowInterceptors } from '@temporalio/workflow';

/**
 * Bundled with the product's workflows, so that the death of a worker is noticed after 15 seconds also in an upload and
 * in a held wait, where the product takes minutes. All else is as the workflows ask for.
 */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      scheduleActivity: ({ options, ...input }, next) =>
        next({
          ...input,
          options: options.heartbeatTimeout === undefined ? options : { ...options, heartbeatTimeout: '15s' },
        }),
    },
  ],
});
