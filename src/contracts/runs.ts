import type { LifecycleStatus } from './lifecycle-status';

/** A run of a lifecycle, from Temporal's records. */
export interface LifecycleRun {
  workflowId: string;
  runId: string;
  key: string;
  open: boolean;
  /** RFC 3339. */
  closedAt?: string;
  /** `stopped`: terminated or timed out, so that it could not clean up. */
  ended?: 'completed' | 'cancelled' | 'deleted' | 'failed' | 'stopped';
  assetId?: string;
  /** `AssetBranch` of the run. */
  branch?: string;
}

/** A run with the status that it closed with. */
export type DescribedRun = LifecycleRun & { status?: LifecycleStatus };
