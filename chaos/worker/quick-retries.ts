import type { WorkflowInterceptors } from '@temporalio/workflow';

/**
 * Bundled with the product's workflows where a worker dies many times: its death is noticed after three seconds, and
 * the next attempt is not put off longer from time to time. All else is as the workflows ask for.
 */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      scheduleActivity: ({ options, ...input }, next) =>
        next({
          ...input,
          options: {
            ...options,
            ...(options.heartbeatTimeout === undefined ? {} : { heartbeatTimeout: '3s' }),
            retry: { ...options.retry, backoffCoefficient: 1 },
          },
        }),
    },
  ],
});
