import type { EmulatorState } from '../../emulator/twelvelabs/control-client';
import { branchesOf } from '../../src/contracts/lifecycle-status';
import type { Had, RunEvidence } from './evidence';

/**
 * What a key has after a run.
 * @param results SHA-256 of the stored results that are there, by their URI.
 */
export function hadAfter(
  {
    status,
    schedule,
    before,
    runId,
    closedAs,
  }: Pick<RunEvidence, 'status' | 'schedule' | 'before' | 'runId' | 'closedAs'>,
  state: EmulatorState,
  results: Record<string, string | undefined>,
): Had {
  const completed = status?.outcome === 'completed';
  const { asset } = status ?? {};
  const foreign = [before.entityId, before.entryId];
  const ids = branchesOf(status).flatMap(({ id, type }) => (id !== undefined && type !== 'embed' ? [id] : []));
  return {
    state,
    terminatedRunId: closedAs === 'TERMINATED' ? runId : undefined,
    completed,
    assetId: completed && !asset?.adopted ? asset?.id : undefined,
    objects: completed ? ids.filter((id) => !foreign.includes(id)) : [],
    isMember: completed && schedule.branches.includes('entity-existing'),
    results: completed
      ? Object.fromEntries(Object.entries(results).flatMap(([uri, hash]) => (hash ? [[uri, hash]] : [])))
      : {},
  };
}
