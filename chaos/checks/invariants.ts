import type { EmulatorState } from '../../emulator/twelvelabs/control-client';
import type { ReceiptEntry } from '../../src/contracts/lifecycle-status';
import type { Evidence, Invariant } from './evidence';
import { isHeldByOthers, isReleased, ownAssets, ownEntities, ownEntries } from './objects';
import { phaseAt } from '../schedules/phases';
import type { Happening } from '../schedules/schedule';
import { secretsIn } from './secrets';
import { SITUATION_INVARIANTS } from './situation-invariants';
import { isAround } from '../schedules/situations';

const MOST_EVENTS = 60;
/** A message and the workflow task it wakes; the first stop is within the 60. */
const EVENTS_OF_A_STOP = 4;
const mostEvents = (stops: Evidence['stops']): number =>
  MOST_EVENTS + EVENTS_OF_A_STOP * Math.max(0, stops.filter(({ accepted }) => accepted).length - 1);

/** No write but cleanup's starts later than this after a stop. */
const STOP_WITHIN_MS = 2000;
/** An upload hears of a stop with its heartbeat, every five seconds while bytes move. */
const UPLOAD_STOPS_WITHIN_MS = 6000;

/** The promises, by the names they have in `docs/invariants.md`. */
export const INVARIANTS: Record<string, Invariant> = {
  'ends within a bound': ({ status }) => (status?.outcome ? [] : ['the lifecycle has not ended']),
  'closes as its outcome says': closes,
  'obeys an accepted stop': obeys,
  'one asset per key': oneAsset,
  'completed means that everything is there': completed,
  'the receipt is the truth': receiptIsTrue,
  'nothing is left that was to be deleted': nothingLeft,
  'no write starts after a stop': noLateWrites,
  'the sweep finishes the job, and no more': sweepFinishes,
  'the history is short': ({ events, stops }) => (events > mostEvents(stops) ? [`${events} events`] : []),
  'nothing secret is kept': ({ texts }) =>
    Object.entries(texts).flatMap(([where, text]) => secretsIn(text).map((secret) => `${secret} is in the ${where}`)),
  'requests are as the provider documents': ({ schemaBreaks }) => schemaBreaks,
  ...SITUATION_INVARIANTS,
};

/** Every promise that the run has broken. */
export const violationsOf = (evidence: Evidence): string[] =>
  Object.entries(INVARIANTS).flatMap(([name, check]) => check(evidence).map((words) => `${name}: ${words}`));

function closes({ status, closedAs, stops }: Evidence): string[] {
  const accepted = new Set(stops.filter((stop) => stop.accepted).map(({ what }) => what));
  const wanted = accepted.has('terminate')
    ? ['TERMINATED', 'COMPLETED', 'FAILED', 'CANCELLED']
    : {
        completed: ['COMPLETED'],
        cancelled: ['COMPLETED', 'CANCELLED'],
        deleted: ['COMPLETED', 'CANCELLED'],
        failed: ['FAILED'],
      }[status?.outcome ?? 'failed'];
  const problems = wanted.includes(closedAs) ? [] : [`outcome ${status?.outcome}, but closed as ${closedAs}`];
  if (closedAs === 'CANCELLED' && !accepted.has('native-cancel'))
    problems.push('closed as cancelled, yet nobody asked');
  if (closedAs === 'CANCELLED' && !status?.receipt) problems.push('closed as cancelled without a receipt in its memo');
  return problems;
}

function obeys({ stops, status }: Evidence): string[] {
  const accepted = stops.filter((stop) => stop.accepted).map(({ what }) => what);
  if (accepted.length === 0 || accepted.includes('terminate')) return [];
  if (status?.outcome === 'completed') return [`${accepted.join(' and ')} was accepted, yet it completed`];
  const forced = accepted.includes('force-delete');
  return forced && status?.receipt?.policy !== 'force-delete' ? ['forceDelete was accepted, yet not by force'] : [];
}

const had = ({ struck }: Evidence, ...kinds: Happening[]): boolean => struck.some(({ what }) => kinds.includes(what));

/** A create that takes effect too late, or twice, may leave a surplus to the sweep; a terminated run anything. */
const leftToSweep = (evidence: Evidence): boolean => had(evidence, 'too-late', 'twice', 'terminate');

/** No sweep can tell any more what was to become of what the run made. */
const isForgotten = ({ schedule }: Evidence): boolean => isAround(schedule, 'retention');

function oneAsset(evidence: Evidence): string[] {
  const { beforeSweep, sweep } = evidence;
  const before = ownAssets(beforeSweep, evidence).length;
  const after = ownAssets(sweep.after, evidence).length;
  if (before > 1 && !leftToSweep(evidence)) return [`${before} live assets`];
  return after > 1 && !isForgotten(evidence) ? [`${after} live assets after the sweep`] : [];
}

function completed(evidence: Evidence): string[] {
  const { status, schedule, resultSha256, before } = evidence;
  const { after } = evidence.sweep;
  if (status?.outcome !== 'completed') return [];
  const problems: string[] = [];
  const id = status.asset?.id;
  if (schedule.source !== 'asset') {
    const asset = ownAssets(after, evidence).find(({ _id }) => _id === id);
    if (!asset) problems.push(`asset ${id} is not there, or is not of this content`);
    else if (asset.sha256 !== before.contentSha256) problems.push(`asset ${id} has another content than its source`);
    if (before.earlierAssetId && after.assets.some(({ _id }) => _id === before.earlierAssetId))
      problems.push('the asset of the earlier content is still there');
  }
  const branch = status.branch;
  if (branch?.type === 'embed' && branch.result?.sha256 !== resultSha256)
    problems.push('the result file is not as told');
  if (schedule.branch === 'entity') {
    const own = ownEntities(after, evidence).map(({ _id }) => _id);
    const many = own.length > 1 && !leftToSweep(evidence);
    if (!own.includes(branch?.id ?? '') || many) problems.push(`entities ${own.join(', ')}, not just ${branch?.id}`);
  }
  if (schedule.branch === 'entity-existing') {
    const entity = after.entities.find(({ _id }) => _id === before.entityId);
    if (!entity?.asset_ids.includes(id ?? '')) problems.push('the asset is not in the entity');
  }
  if (schedule.branch === 'index' && before.entryId) {
    if (branch?.id !== before.entryId) problems.push(`index entry ${branch?.id}, not the one there was`);
  } else if (schedule.branch === 'index') {
    const own = ownEntries(after, evidence).map(({ _id }) => _id);
    const many = own.length > 1 && !leftToSweep(evidence);
    if (!own.includes(branch?.id ?? '') || many)
      problems.push(`index entries ${own.join(', ')}, not just ${branch?.id}`);
  }
  return problems;
}

function isThere(
  { resource, id }: ReceiptEntry,
  { assets, entities, indexedAssets }: EmulatorState,
): boolean | undefined {
  const has = (list: readonly { _id: string }[]): boolean => list.some(({ _id }) => _id === id);
  if (resource === 'asset') return has(assets);
  if (resource === 'entity') return has(entities);
  return resource === 'indexed-asset' ? has(indexedAssets) : undefined;
}

function receiptIsTrue(evidence: Evidence): string[] {
  const { status, beforeSweep, closedAs } = evidence;
  const entries = status?.receipt?.entries ?? [];
  if (closedAs === 'TERMINATED') return [];
  const problems = entries.flatMap((entry) => {
    const there = isThere(entry, beforeSweep);
    if (there === undefined || (entry.result === 'deleted') !== there) return [];
    if (entry.result === 'deleted') return [`${entry.resource} ${entry.id} is called deleted, but is there`];
    return entry.result === 'kept' ? [`${entry.resource} ${entry.id} is called kept, but is gone`] : [];
  });
  if (status?.outcome === 'completed' || leftToSweep(evidence)) return problems;
  const named = new Set(entries.filter(({ result }) => result !== 'deleted').map(({ id }) => id));
  /** Left over before its id was learnt: the receipt says where it would be. */
  const unknown = new Set(entries.filter(({ id, result }) => result === 'leftover' && !id).map((one) => one.resource));
  const own = {
    asset: ownAssets(beforeSweep, evidence),
    entity: unknown.has('entity') ? [] : ownEntities(beforeSweep, evidence),
    'indexed-asset': unknown.has('indexed-asset') ? [] : ownEntries(beforeSweep, evidence),
  };
  const unnamed = Object.values(own).flatMap((list) => list.map(({ _id }) => _id).filter((id) => !named.has(id)));
  return [...problems, ...unnamed.map((id) => `${id} is there, but the receipt does not name it`)];
}

function nothingLeft(evidence: Evidence): string[] {
  const { status, beforeSweep, before, closedAs } = evidence;
  const policy = status?.receipt?.policy;
  if (closedAs === 'TERMINATED' || status?.outcome === 'completed' || !policy || policy === 'keep') return [];
  if (leftToSweep(evidence) || hadFinalWhileCleaning(evidence)) return [];
  if (policy === 'delete' && isHeldByOthers(before)) return []; // it is kept for them
  return [
    ...ownAssets(beforeSweep, evidence).map(({ _id }) => `asset ${_id} is left`),
    ...ownEntities(beforeSweep, evidence).map(({ _id }) => `entity ${_id} is left`),
    ...ownEntries(beforeSweep, evidence).map(({ _id }) => `index entry ${_id} is left`),
  ];
}

/** The provider has refused a step of cleanup for good, which leaves something over. */
const hadFinalWhileCleaning = ({ struck, phases, status }: Evidence): boolean =>
  status?.receipt?.entries.some(({ result }) => result === 'leftover') === true &&
  struck.some(({ what, at }) => (what === 'refused' || what === 'unauthorized') && phaseAt(phases, at) === 'cleaning');

/** An upload under way is a write that has begun: its next part, or the report of it, may start a little later. */
const settledWithin = (route: string): number =>
  /^PUT |multipart-uploads\/\{/.test(route) ? UPLOAD_STOPS_WITHIN_MS : STOP_WITHIN_MS;

function noLateWrites({ stops, calls, closedAs }: Evidence): string[] {
  if (closedAs === 'TERMINATED') return [];
  const stop = stops.find(({ accepted }) => accepted);
  if (!stop) return [];
  return calls
    .filter(({ route, at }) => /^(POST|PUT) /.test(route) && at > stop.at + settledWithin(route))
    .map(({ route, at }) => `${route} started ${at - stop.at} ms after ${stop.what}`);
}

function sweepFinishes(evidence: Evidence): string[] {
  const { sweep, key, status, beforeSweep, closedAs, schedule, before } = evidence;
  if (!sweep.report) return ['the sweep has not ended'];
  const strangers = sweep.report.orphans
    .filter((orphan) => orphan.key !== key && !isUnmarkedOfOld(orphan.assetId, evidence))
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
  const letGo = closedAs === 'TERMINATED' && is.some(isReleased); // done
  const toGo = status?.outcome !== 'completed' && !letGo && policy !== 'keep' && policy !== undefined;
  // without its note, the place in an existing entity counts as somebody else's
  const joinedUnnoted = schedule.branch === 'entity-existing' && evidence.marksRefused;
  const keptForOthers = joinedUnnoted || (policy === 'delete' && isHeldByOthers(before));
  if (toGo && !keptForOthers && is.length > 0) problems.push(`left asset ${is.map(({ _id }) => _id).join(', ')}`);
  const dependents = [...ownEntities(sweep.after, evidence), ...ownEntries(sweep.after, evidence)];
  const findable = schedule.source !== 'asset'; // an adopted asset has no tag by which a sweep could find it
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
