import { Context } from '@temporalio/activity';
import { ActivityCancelledError, type Client } from '@temporalio/client';
import type { UploadProgress } from '../contracts/messages';
import { UPLOAD_PROGRESS_SIGNAL } from '../contracts/ids';

/** Heartbeats that wait for the server's answer. The SDK's own are delayed, and sent without waiting. */
export const activityProgress = (client: Client) => ({
  async makeDurable(details: unknown): Promise<void> {
    try {
      await client.activity.heartbeat(Context.current().info.taskToken, details);
    } catch (error) {
      if (!(error instanceof ActivityCancelledError)) throw error; // the server kept it
    }
  },
  async tell(progress: UploadProgress): Promise<void> {
    const { workflowExecution } = Context.current().info;
    if (!workflowExecution) return;
    const { workflowId, runId } = workflowExecution;
    await client.workflow.getHandle(workflowId, runId).signal(UPLOAD_PROGRESS_SIGNAL, progress);
  },
});
