import type { WorkflowHandle, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { EmulatorControl } from '../../emulator/twelvelabs/control-client';
import type { EarlierRun } from '../../src/contracts/activities';
import { CANCEL_SIGNAL, FORCE_DELETE_SIGNAL, STATUS_QUERY, type ProviderName } from '../../src/contracts/ids';
import type { LifecycleStatus } from '../../src/contracts/lifecycle-status';

/** What a scenario plays with. */
export interface Recording {
  provider: ProviderName;
  control: EmulatorControl;
  collectionId: string;
  indexId: string;
  /** Serves the samples, also as the S3 bucket `samples`. */
  mediaUrl: string;
  /** @param earlier what a client tells of the key's earlier run. */
  start(key: string, input: object, earlier?: EarlierRun): Promise<WorkflowHandleWithFirstExecutionRunId>;
  /** Starts a deletion or a sweep. */
  startOther(type: string, workflowId: string, input: object): Promise<WorkflowHandle>;
}

/** Starts a run that is to be recorded, and does to it what it is about. */
export type Scenario = (recording: Recording) => Promise<WorkflowHandle>;

export const HOUR_MS = 3_600_000;

/** Relative to the source root, or nowhere, so that no path of this machine is recorded. */
export const file = (path: string) => ({ type: 'file', path });
export const video = file('clip.mp4');
export const image = file('portrait-2.png');

/** A run that nobody disturbs. */
export const plain =
  (key: string, input: (recording: Recording) => object): Scenario =>
  (recording) =>
    recording.start(key, input(recording));

export const cancel = (handle: WorkflowHandle) => handle.signal(CANCEL_SIGNAL, { reason: 'recorded' });
export const forceDelete = (handle: WorkflowHandle) => handle.signal(FORCE_DELETE_SIGNAL);
export const natively = (handle: WorkflowHandle) => handle.cancel();

export async function untilPhase(
  handle: WorkflowHandle,
  phase: LifecycleStatus['phase'],
  branchRuns = false,
): Promise<void> {
  for (;;) {
    const status = await handle.query<LifecycleStatus>(STATUS_QUERY);
    if (status.phase === phase && (!branchRuns || status.branch?.status === 'running')) return;
    if (status.outcome) throw new Error(`${handle.workflowId} has ended, and never was ${phase}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until the pending step has failed at least once and is in its back-off. */
export async function untilRetrying(handle: WorkflowHandle): Promise<void> {
  for (;;) {
    const { raw, status } = await handle.describe();
    if (raw.pendingActivities?.some(({ attempt, lastFailure }) => lastFailure && Number(attempt) > 1)) return;
    if (status.name !== 'RUNNING') throw new Error(`${handle.workflowId} has ended, and never retried a step`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
