import type { ItemOutcome } from '../../../src/contracts/batch/item-outcome';
import type { Happening } from '../../schedules/strikes';
import type { BatchEvidence, BatchStart, GroupFacts, PlaceState, SingleRun } from '../evidence';

export type Check = (evidence: BatchEvidence) => string[];

export const assetsOf = ({ assets }: PlaceState, key: string): PlaceState['assets'] =>
  assets.filter((asset) => asset.key === key);

export const hasId = ({ assets, objects }: PlaceState, id: string | undefined): boolean =>
  [...assets, ...objects].some((one) => one.id === id);

export const wasStruckBy = ({ struck }: Pick<BatchEvidence, 'struck'>, ...kinds: Happening[]): boolean =>
  struck.some(({ what }) => kinds.includes(what));

/** Groups that were ended from outside. */
export const terminatedGroups = ({ groups }: BatchEvidence): GroupFacts[] =>
  groups.filter(({ closedAs }) => closedAs === 'TERMINATED');

/** A create that takes effect too late, or twice, may leave a surplus to the sweep; a terminated group anything. */
export const leavesSurplus = (evidence: BatchEvidence): boolean =>
  wasStruckBy(evidence, 'too-late', 'twice') || terminatedGroups(evidence).length > 0;

/** A client was told to remove by force what the key has. */
export const wasForced = ({ acts }: BatchEvidence, key: string): boolean =>
  acts.some(({ what, words }) => what === 'force-delete-item' && words === key);

export const singlesOf = ({ singles }: BatchEvidence, key: string): SingleRun[] =>
  singles.filter((one) => one.key === key);

/** Violations of each start of a batch, by its number. */
export const ofStarts = (
  { starts }: BatchEvidence,
  check: (start: BatchStart, before: readonly BatchStart[]) => string[],
): string[] =>
  starts.flatMap((start, nth) => {
    if (start.isOvertaken) return [];
    return check(start, starts.slice(0, nth)).map((words) => (nth === 0 ? words : `start ${nth + 1}: ${words}`));
  });

/** Where the store knows an item to stand in this start: what an earlier start left undone counts for nothing. */
export function standing(start: BatchStart, item: number): ItemOutcome | undefined {
  const record = start.outcomes.find((one) => one.item === item);
  return record && (record.of === start.runId || record.outcome === 'completed') ? record : undefined;
}

/** What the first of a start's runs that was told to stop has heard, and when a worker was given the stop. */
export const stopOf = ({ runs }: BatchStart): { at: number; heard: string[] } | undefined => {
  const run = runs.find(({ stoppedAt }) => stoppedAt !== undefined);
  if (run?.stoppedAt === undefined) return undefined;
  return { at: run.stopHeardAt ?? run.stoppedAt, heard: run.heard };
};

/** Whether a group, or what it made, is of the batch of that start. */
export const isOf = ({ batchId }: BatchStart, { workflowId = '' }: { workflowId?: string }): boolean =>
  workflowId.startsWith(`asset-group:${batchId}:`);
