import type { ClosedRun } from '../contracts/branches/left-branches';
import type { DescribedRun, LifecycleRun } from '../contracts/runs';

/** Which lifecycles there are; the activities ask it before they touch what belongs to one. */
export interface LifecycleRuns {
  /** Runs that name one of these assets as theirs, newest first; quick, and up to some seconds behind. */
  overview(assetIds: readonly string[]): Promise<LifecycleRun[]>;
  /** The run, or without a run id the latest of the workflow id; `undefined` when Temporal knows none. */
  find(workflowId: string, runId?: string): Promise<DescribedRun | undefined>;
  /** True while a run of the workflow id is open, whatever its type. */
  isOpen(workflowId: string): Promise<boolean>;
  /**
   * When the run ended by itself, RFC 3339, so that nothing of it was under way any more; `undefined` if it is open,
   * unknown, or ended otherwise. Without a run id the latest run of the workflow id.
   */
  endOf(workflowId: string, runId?: string): Promise<string | undefined>;
  /** The latest run of a lifecycle, if it has closed by itself, with the input as it was sent. */
  lastClosed(workflowId: string): Promise<(ClosedRun & { input: unknown }) | undefined>;
  /**
   * Lifecycles that name the asset as theirs, whoever made it, and are open or have completed with it. One that has just
   * started may be missing.
   */
  wantedBy(assetId: string): Promise<LifecycleRun[]>;
}
