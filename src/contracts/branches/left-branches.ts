import type { EarlierRun } from '../activities';
import type { CompleteInput } from '../lifecycle-input';
import { branchesOf, type KeyBranch, type LifecycleStatus, type Receipt } from '../lifecycle-status';

/** A closed run of a key, as Temporal keeps it. */
export interface ClosedRun {
  runId: string;
  status: LifecycleStatus;
  /** What its client told of the run before. */
  earlier: EarlierRun | undefined;
}

/**
 * Branches that a closed run leaves its key: ready ones of its own and of earlier runs, unless they were removed.
 * @param input of the run; `undefined` if it is not valid any more.
 */
export function branchesLeft({ runId, status, earlier }: ClosedRun, input: CompleteInput | undefined): KeyBranch[] {
  const { asset, receipt } = status;
  if (!asset || receipt?.policy === 'force-delete' || isDeleted(asset.id, receipt)) return [];
  const before = earlier?.assetId === asset.id ? (earlier.branches ?? []) : [];
  const isOwnKept = status.outcome === 'completed' || receipt === undefined || receipt.policy === 'keep';
  return [...before, ...(isOwnKept && input ? ownReady(status, input, runId) : [])];
}

/** A cleanup removed the asset, and with it what was made of it. */
const isDeleted = (assetId: string, receipt: Receipt | undefined): boolean =>
  receipt?.entries.some(
    ({ resource, id, result }) => resource === 'asset' && id === assetId && result === 'deleted',
  ) === true;

function ownReady(status: LifecycleStatus, { branches }: CompleteInput, runId: string): KeyBranch[] {
  const own = branchesOf(status).filter((one) => !('runId' in one));
  return own.flatMap((one, index) => {
    const input = branches[index];
    return input && one.status === 'ready' ? [{ ...one, input, runId }] : [];
  });
}
