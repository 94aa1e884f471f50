import type { LifecycleStatus } from './lifecycle-status';

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
