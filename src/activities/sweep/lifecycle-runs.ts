import type { LifecycleStatus } from '../../contracts/lifecycle-status';

/** A run of a lifecycle, as Temporal keeps it. */
export interface LifecycleRun {
  workflowId: string;
  runId: string;
  key: string;
  open: boolean;
  /** RFC 3339. */
  closedAt?: string;
  /** `stopped`: from outside, by termination or a timeout, so that it could not clean up. */
  ended?: 'completed' | 'cancelled' | 'deleted' | 'failed' | 'stopped';
  assetId?: string;
  /** `AssetBranch` of the run. */
  branch?: string;
}

/** A run as it is now, with the status it closed with. */
export type DescribedRun = LifecycleRun & { status?: LifecycleStatus };

/** Which lifecycles there are; the activities ask it before they touch what belongs to one. */
export interface LifecycleRuns {
  /** Runs that name one of these assets as theirs, newest first; quick, and up to some seconds behind. */
  overview(assetIds: readonly string[]): Promise<LifecycleRun[]>;
  /** The run, or without a run id the latest of the workflow id; `undefined` when Temporal knows none. */
  find(workflowId: string, runId?: string): Promise<DescribedRun | undefined>;
  /** Open lifecycles that name the asset as theirs, whoever made it. One that has just started may be missing. */
  openWith(assetId: string): Promise<LifecycleRun[]>;
}
