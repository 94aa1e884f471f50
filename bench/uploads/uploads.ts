import type { WorkflowHandle } from '@temporalio/client';
import type { EmulatorUpload } from '../../emulator/twelvelabs/control-client';
import { ASSET_LIFECYCLE, lifecycleWorkflowId, WORKFLOW_TASK_QUEUE } from '../../src/contracts/ids';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';
import { DEFAULT_PROVIDER } from '../../src/providers/registry';
import type { BenchSystem } from '../system/bench-system';
import { CONCURRENCY } from './source-files';

/** Starts the lifecycle of a file that goes up in parts, which ends within ten minutes whatever happens. */
export const startUpload = ({ client }: BenchSystem, key: string, file: string): Promise<WorkflowHandle> =>
  client.workflow.start(ASSET_LIFECYCLE, {
    taskQueue: WORKFLOW_TASK_QUEUE,
    workflowId: lifecycleWorkflowId(DEFAULT_PROVIDER, key),
    workflowExecutionTimeout: '10m',
    args: [
      {
        key,
        source: { type: 'file', path: file },
        upload: { method: 'multipart', concurrency: CONCURRENCY },
        preflight: false,
      },
    ], // noise
  });

/** Runs one to its end, and gives the session that it went by. */
export async function uploadByProduct(system: BenchSystem, key: string, file: string): Promise<EmulatorUpload> {
  const handle = await startUpload(system, key, file);
  const { asset } = (await handle.result()) as LifecycleStatus;
  return sessionOf(system, asset?.id ?? '');
}

export async function sessionOf({ control }: BenchSystem, assetId: string): Promise<EmulatorUpload> {
  const session = (await control.state()).uploads.find(({ asset_id }) => asset_id === assetId);
  if (session?.completedAtMs === undefined) throw new Error(`no session has completed for asset ${assetId}`);
  return session;
}

/** From the create of the session to the report of its last part, by the emulator's clock. */
export const secondsOf = ({ createdAtMs, completedAtMs = Number.NaN }: EmulatorUpload): number =>
  (completedAtMs - createdAtMs) / 1000;
