import type { ActivityDependencies } from '../../../src/activities/dependencies';
import type { DescribedRun } from '../../../src/contracts/runs';

/** What Temporal tells of these runs, newest first. The overview knows no status. */
export const knownRuns = (
  runs: readonly DescribedRun[],
): Pick<ActivityDependencies['runs'], 'overview' | 'find' | 'wantedBy'> => ({
  overview: async () => runs.map(({ status: _unknown, ...seen }) => seen),
  find: async (workflowId, runId) =>
    runs.find((one) => one.workflowId === workflowId && (runId === undefined || one.runId === runId)),
  wantedBy: async (assetId) =>
    runs.filter(({ open, ended, ...one }) => (open || ended === 'completed') && one.assetId === assetId),
});
