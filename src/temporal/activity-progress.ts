import { Context } from '@temporalio/activity';
import { ActivityCancelledError, type Client } from '@temporalio/client';
import type { UploadProgress } from '../contracts/messages';
import { UPLOAD_PROGRESS_SIGNAL } from '../contracts/ids';

/** What a running activity tells the server past the SDK's heartbeats, which are held back and sent without an answer. */
export const activityProgress = (client: Client) => ({
  async makeDurable(details: unknown): Promise<void> {
    try {
      await client.activity.heartbeat(Context.current().info.taskToken, details);
    } catch (error) {
      if (!(error instanceof ActivityCancelledError)) throw error; // kept all the same; the cancellation comes by itself
    }
  },
  async tell(progress: UploadProgress): Promise<void> {
    const { workflowExecution } = Context.current().info;
    if (!workflowExecution) return;
    const { workflowId, runId } = workflowExecution;
    await client.workflow.getHandle(workflowId, runId).signal(UPLOAD_PROGRESS_SIGNAL, progress);
  },
});
