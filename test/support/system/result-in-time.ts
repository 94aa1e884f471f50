import type { WorkflowHandle } from '@temporalio/client';

/** The result of a run. Says where the run is if it takes longer, so that a wait without end tells its cause. */
export async function resultInTime<T>(handle: WorkflowHandle, withinMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const tell = async (): Promise<never> => {
      const { status, raw } = await handle.describe();
      const activities = JSON.stringify(raw.pendingActivities);
      throw new Error(`${handle.workflowId} is ${status.name} after ${withinMs} ms, its activities: ${activities}`);
    };
    timer = setTimeout(() => void tell().catch(reject), withinMs);
  });
  return Promise.race([handle.result() as Promise<T>, late]).finally(() => clearTimeout(timer));
}
