import type { ClosedRun } from '../contracts/branches/left-branches';
import type { DescribedRun, LifecycleRun } from '../contracts/runs';

/** That a run ended by itself, and when (RFC 3339), or that Temporal does not know it any more. */
export type RunEnd = { at: string } | 'forgotten';

/** Which lifecycles there are; the activities ask it before they touch what belongs to one. */
export interface LifecycleRuns {
  /** Runs that name one of these assets as theirs, newest first; quick, and up to some seconds behind. */
  overview(assetIds: readonly string[]): Promise<LifecycleRun[]>;
  /** The run, or without a run id the latest of the workflow id; `undefined` when Temporal knows none. */
  find(workflowId: string, runId?: string): Promise<DescribedRun | undefined>;
  /** True while a run of the workflow id is open, whatever its type. */
  isOpen(workflowId: string, ofType?: string): Promise<boolean>;
  /**
   * When the run ended by itself, so that nothing of it was under way any more; `undefined` if it is open, or was ended from
   * outside. Without a run id the latest run of the workflow id.
   */
  endOf(workflowId: string, runId?: string): Promise<RunEnd | undefined>;
  /** The latest run of a lifecycle, if it has closed by itself, with the input as it was sent. */
  lastClosed(workflowId: string): Promise<(ClosedRun & { input: unknown }) | undefined>;
  /**
   * Lifecycles that name the asset as theirs, whoever made it, and are open or have completed with it. One that has just
   * started may be missing.
   */
  wantedBy(assetId: string): Promise<LifecycleRun[]>;
}
