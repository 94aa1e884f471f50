import { isAround } from '../schedules/situations';
import { BRANCH_INVARIANTS } from './branch-invariants';
import type { Evidence, Invariant } from './evidence';
import { KEY_INVARIANTS } from './key-invariants';
import { isHeldByOthers, isReleased, keyAssets, leftByEarlier, ownAssets, ownEntities, ownEntries } from './objects';
import { leavesSurplus, RUN_INVARIANTS } from './run-invariants';
import { SITUATION_INVARIANTS } from './situation-invariants';

/** The promises, by the names they have in `docs/invariants.md`. */
export const INVARIANTS: Record<string, Invariant> = {
  ...RUN_INVARIANTS,
  'one asset per key': oneAsset,
  'completed means that everything is there': completed,
  'the sweep finishes the job, and no more': sweepFinishes,
  'requests are as the provider documents': ({ schemaBreaks }) => schemaBreaks,
  ...BRANCH_INVARIANTS,
  ...KEY_INVARIANTS,
  ...SITUATION_INVARIANTS,
};

/** Every promise that a run of the key has broken. */
export function violationsOf(evidence: Evidence): string[] {
  const { earlier } = evidence;
  const before = earlier
    ? Object.entries(RUN_INVARIANTS).flatMap(([name, check]) =>
        check(earlier.run).map((words) => `${name}: the earlier run: ${words}`),
      )
    : [];
  return [
    ...before,
    ...Object.entries(INVARIANTS).flatMap(([name, check]) => check(evidence).map((words) => `${name}: ${words}`)),
  ];
}

const leftToSweep = (evidence: Evidence): boolean =>
  leavesSurplus(evidence) || (evidence.earlier !== undefined && leavesSurplus(evidence.earlier.run));

/** No sweep can tell any more what was to become of what the run made. */
const isForgotten = ({ schedule }: Evidence): boolean => isAround(schedule, 'retention');

function oneAsset(evidence: Evidence): string[] {
  const { beforeSweep, sweep } = evidence;
  const before = keyAssets(beforeSweep, evidence).length;
  const after = keyAssets(sweep.after, evidence).length;
  if (before > 1 && !leftToSweep(evidence)) return [`${before} live assets`];
  return after > 1 && !isForgotten(evidence) ? [`${after} live assets after the sweep`] : [];
}

function completed(evidence: Evidence): string[] {
  const { status, schedule, before } = evidence;
  const { after } = evidence.sweep;
  if (status?.outcome !== 'completed' || schedule.source === 'asset') return [];
  const problems: string[] = [];
  const id = status.asset?.id;
  const asset = keyAssets(after, evidence).find(({ _id }) => _id === id);
  if (!asset) problems.push(`asset ${id} is not there, or is not of this content`);
  else if (asset.sha256 !== before.contentSha256) problems.push(`asset ${id} has another content than its source`);
  if (before.earlierAssetId && after.assets.some(({ _id }) => _id === before.earlierAssetId))
    problems.push('the asset of the earlier content is still there');
  return problems;
}

function sweepFinishes(evidence: Evidence): string[] {
  const { sweep, key, status, beforeSweep, closedAs, schedule, before, had } = evidence;
  if (!sweep.report) return ['the sweep has not ended'];
  const strangers = sweep.report.orphans
    .filter((orphan) => orphan.key !== key && !(orphan.assetId && isUnmarkedOfOld(orphan.assetId, evidence)))
    .map((orphan) => `took ${orphan.key} for an orphan`);
  const problems = sweep.report.leftover > 0 ? [...strangers, 'left something over'] : strangers;
  if (isForgotten(evidence)) return problems;
  const policy = closedAs === 'TERMINATED' ? schedule.onCancel : status?.receipt?.policy;
  const was = ownAssets(beforeSweep, evidence);
  const is = ownAssets(sweep.after, evidence);
  const gone = was.filter(({ _id }) => !is.some((asset) => asset._id === _id)).map(({ _id }) => _id);
  const wanted =
    status?.outcome === 'completed' ? [status.asset?.id] : policy === 'keep' ? was.map(({ _id }) => _id) : [];
  if (wanted.some((id) => id !== undefined && gone.includes(id)) && is.length === 0) {
    problems.push('removed an asset that was wanted');
  }
  const cameLate = sweep.report.marked === 0 && is.some(isReleased); // its write was on its way
  const letGo = closedAs === 'TERMINATED' && (was.some(isReleased) || cameLate); // done
  const toGo = status?.outcome !== 'completed' && !letGo && policy !== 'keep' && policy !== undefined;
  // without its note, the place in an existing entity counts as somebody else's
  const joinedUnnoted = schedule.branches.includes('entity-existing') && evidence.marksRefused;
  const isHeld = isHeldByOthers(before) || leftByEarlier(evidence).length > 0;
  const keptForOthers = joinedUnnoted || (policy === 'delete' && isHeld);
  if (toGo && !keptForOthers && is.length > 0) problems.push(`left asset ${is.map(({ _id }) => _id).join(', ')}`);
  const dependents = [...ownEntities(sweep.after, evidence), ...ownEntries(sweep.after, evidence)];
  // an adopted asset has no tag by which a sweep could find it, nor one that could not be marked as taken up
  const findable = schedule.source !== 'asset' && !(had?.completed && evidence.marksRefused);
  if (toGo && findable && !keptForOthers && dependents.length > 0) {
    problems.push(`left ${dependents.map(({ _id }) => _id).join(', ')}`);
  }
  return problems;
}

/** Nobody adopted it in the end, so that it still is an orphan of the lifecycle in its tag. */
const isUnmarkedOfOld = (assetId: string, { before, beforeSweep, schedule }: Evidence): boolean =>
  schedule.shape === 'old-tags' &&
  assetId === before.assetId &&
  !isReleased(beforeSweep.assets.find(({ _id }) => _id === assetId));
