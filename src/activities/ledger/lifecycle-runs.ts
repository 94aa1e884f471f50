import type { LifecycleStatus } from '../../contracts/lifecycle-status';

/** The latest run of a lifecycle, as Temporal keeps it. */
export interface LifecycleRun {
  open: boolean;
  /** RFC 3339. */
  closedAt?: string;
  /** `stopped`: from outside, by termination or a timeout, so that it could not clean up. */
  ended?: 'completed' | 'cancelled' | 'deleted' | 'failed' | 'stopped';
  assetId?: string;
  /** `AssetBranch` of the run. */
  branch?: string;
}

/** Which lifecycles there are; the activities ask it before they touch what belongs to one. */
export interface LifecycleRuns {
  /** The latest run of each workflow id that has one; quick, and up to some seconds behind. */
  overview(workflowIds: readonly string[]): Promise<ReadonlyMap<string, LifecycleRun>>;
  /** The latest run as it is now, with the status it closed with; `undefined` when Temporal knows none. */
  latest(workflowId: string): Promise<(LifecycleRun & { status?: LifecycleStatus }) | undefined>;
}
