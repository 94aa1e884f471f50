import { isDeepStrictEqual } from 'node:util';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { Branch } from '../../contracts/branches/branch';
import type { CompleteInput } from '../../contracts/lifecycle-input';
import { branchesOf, type KeyBranch, type LifecycleStatus, type Receipt } from '../../contracts/lifecycle-status';
import { readEarlierRun } from '../../contracts/messages';
import { closedStatus } from '../../temporal/runs/lifecycle-runs';
import { inputOfRun } from './run-input';

/** Branches that a closed run leaves its key: ready ones of its own and of earlier runs, unless they were removed. */
export async function branchesLeftBy(client: Client, run: WorkflowExecutionDescription): Promise<KeyBranch[]> {
  const [status, input] = await Promise.all([closedStatus(client, run), inputOfRun(client, run)]);
  const { asset, receipt } = status;
  if (!asset || receipt?.policy === 'force-delete' || isDeleted(asset.id, receipt)) return [];
  const earlier = readEarlierRun(run.memo);
  const before = earlier?.assetId === asset.id ? (earlier.branches ?? []) : [];
  const isOwnKept = status.outcome === 'completed' || receipt === undefined || receipt.policy === 'keep';
  return [...before, ...(isOwnKept && input ? ownReady(status, input, run.runId) : [])];
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

/** The branches of the input that are not in the list: another model or other options make another branch. */
export const missingFrom = (list: readonly KeyBranch[], { branches }: CompleteInput): Branch[] =>
  branches.filter((branch) => !list.some(({ input }) => isDeepStrictEqual(input, branch)));

/** Those of the list that the input does not have. */
export const besides = (list: readonly KeyBranch[], { branches }: CompleteInput): KeyBranch[] =>
  list.filter(({ input }) => !branches.some((branch) => isDeepStrictEqual(input, branch)));
