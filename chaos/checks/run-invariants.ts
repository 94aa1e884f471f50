import type { EmulatorState } from '../../emulator/twelvelabs/control-client';
import type { ReceiptEntry } from '../../src/contracts/lifecycle-status';
import { toldAt } from './events';
import type { RunEvidence, RunInvariant } from './evidence';
import { isHeldByOthers, leftByEarlier, ownAssets, ownEntities, ownEntries } from './objects';
import { phaseAt } from '../schedules/phases';
import type { Happening } from '../schedules/strikes';
import { secretsIn } from './secrets';

const MOST_EVENTS = 60;
/** Three steps of its own, and the workflow tasks that they wake. */
const EVENTS_OF_A_FURTHER_BRANCH = 24;
/** A message and the workflow task it wakes; the first stop is within the 60. */
const EVENTS_OF_A_STOP = 4;
const mostEvents = ({ stops, schedule }: RunEvidence): number =>
  MOST_EVENTS +
  EVENTS_OF_A_FURTHER_BRANCH * Math.max(0, schedule.branches.length - 1) +
  EVENTS_OF_A_STOP * Math.max(0, stops.filter(({ accepted }) => accepted).length - 1);

/** No write but cleanup's starts later than this after a stop. */
const STOP_WITHIN_MS = 2000;
/** An upload hears of a stop with its heartbeat, every five seconds while bytes move. */
const UPLOAD_STOPS_WITHIN_MS = 6000;

/** What each run of a key promises by itself, by the names in `docs/invariants.md`. */
export const RUN_INVARIANTS: Record<string, RunInvariant> = {
  'ends within a bound': ({ status }) => (status?.outcome ? [] : ['the lifecycle has not ended']),
  'closes as its outcome says': closes,
  'obeys an accepted stop': obeys,
  'the receipt is the truth': receiptIsTrue,
  'nothing is left that was to be deleted': nothingLeft,
  'no write starts after a stop': noLateWrites,
  'a sweep takes nothing from an open lifecycle': openIsSpared,
  'the history is short': (evidence) => (evidence.events > mostEvents(evidence) ? [`${evidence.events} events`] : []),
  'nothing secret is kept': ({ texts }) =>
    Object.entries(texts).flatMap(([where, text]) => secretsIn(text).map((secret) => `${secret} is in the ${where}`)),
};

function closes({ status, closedAs, stops }: RunEvidence): string[] {
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

function obeys({ stops, status }: RunEvidence): string[] {
  const accepted = stops.filter((stop) => stop.accepted).map(({ what }) => what);
  if (accepted.length === 0 || accepted.includes('terminate')) return [];
  if (status?.outcome === 'completed') return [`${accepted.join(' and ')} was accepted, yet it completed`];
  const forced = accepted.includes('force-delete');
  return forced && status?.receipt?.policy !== 'force-delete' ? ['forceDelete was accepted, yet not by force'] : [];
}

/** Whether something of these kinds has struck the run. */
export const wasStruckBy = ({ struck }: Pick<RunEvidence, 'struck'>, ...kinds: Happening[]): boolean =>
  struck.some(({ what }) => kinds.includes(what));

/** A create that takes effect too late, or twice, may leave a surplus to the sweep; a terminated run anything. */
export const leavesSurplus = (run: Pick<RunEvidence, 'struck'>): boolean =>
  wasStruckBy(run, 'too-late', 'twice', 'terminate');

function isThere(
  { resource, id }: ReceiptEntry,
  { assets, entities, indexedAssets }: EmulatorState,
): boolean | undefined {
  const has = (list: readonly { _id: string }[]): boolean => list.some(({ _id }) => _id === id);
  if (resource === 'asset') return has(assets);
  if (resource === 'entity') return has(entities);
  return resource === 'indexed-asset' ? has(indexedAssets) : undefined;
}

function receiptIsTrue(evidence: RunEvidence): string[] {
  const { status, beforeSweep, closedAs } = evidence;
  const entries = status?.receipt?.entries ?? [];
  if (closedAs === 'TERMINATED') return [];
  const problems = entries.flatMap((entry) => {
    const there = isThere(entry, beforeSweep);
    if (there === undefined || (entry.result === 'deleted') !== there) return [];
    if (entry.result === 'deleted') return [`${entry.resource} ${entry.id} is called deleted, but is there`];
    return entry.result === 'kept' ? [`${entry.resource} ${entry.id} is called kept, but is gone`] : [];
  });
  if (status?.outcome === 'completed' || leavesSurplus(evidence)) return problems;
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

function nothingLeft(evidence: RunEvidence): string[] {
  const { status, beforeSweep, before, closedAs } = evidence;
  const policy = status?.receipt?.policy;
  if (closedAs === 'TERMINATED' || status?.outcome === 'completed' || !policy || policy === 'keep') return [];
  if (leavesSurplus(evidence) || hadFinalWhileCleaning(evidence)) return [];
  const isHeld = isHeldByOthers(before) || leftByEarlier(evidence).length > 0;
  if (policy === 'delete' && isHeld) return []; // it is kept for them
  return [
    ...ownAssets(beforeSweep, evidence).map(({ _id }) => `asset ${_id} is left`),
    ...ownEntities(beforeSweep, evidence).map(({ _id }) => `entity ${_id} is left`),
    ...ownEntries(beforeSweep, evidence).map(({ _id }) => `index entry ${_id} is left`),
  ];
}

/** The provider has refused a step of cleanup for good, which leaves something over. */
const hadFinalWhileCleaning = ({ struck, phases, status }: RunEvidence): boolean =>
  status?.receipt?.entries.some(({ result }) => result === 'leftover') === true &&
  struck.some(({ what, at }) => (what === 'refused' || what === 'unauthorized') && phaseAt(phases, at) === 'cleaning');

/** An upload under way is a write that has begun: its next part, or the report of it, may start a little later. */
const settledWithin = (route: string): number =>
  /^PUT |multipart-?uploads\/\{/i.test(route) ? UPLOAD_STOPS_WITHIN_MS : STOP_WITHIN_MS;

function noLateWrites({ stops, calls, closedAs }: RunEvidence): string[] {
  if (closedAs === 'TERMINATED') return [];
  const stop = stops.find(({ accepted }) => accepted);
  if (!stop) return [];
  return calls
    .filter(({ route, at }) => /^(POST|PUT) /.test(route) && at > toldAt(stop) + settledWithin(route))
    .map(({ route, at }) => `${route} started ${Math.round(at - toldAt(stop))} ms after ${stop.what}`);
}

/** A surplus may go: of several with one tag one is wanted at most. */
function openIsSpared({ openSweep, key }: RunEvidence): string[] {
  if (!openSweep?.stillOpen) return [];
  const { report } = openSweep;
  if (!report) return ['the sweep has not ended'];
  return report.orphans
    .filter((orphan) => orphan.key === key && orphan.cause !== 'surplus')
    .map(({ assetId, cause }) => `asset ${assetId} was taken for an orphan: ${cause}`);
}
