import { isDeath } from '../../schedules/strikes';
import { secretsIn } from '../../checks/secrets';
import type { BatchEvidence, BatchStart } from '../evidence';
import {
  assetsOf,
  hasId,
  isOf,
  leavesSurplus,
  ofStarts,
  singlesOf,
  standing,
  stopOf,
  wasForced,
  wasStruckBy,
  type Check,
} from './about';
import { ITEM_PROMISES } from './item-promises';

/** What a batch promises as a whole, and for its items, by the names in `docs/invariants.md`. */
const PROMISES: Readonly<Record<string, Check>> = {
  'ends within a bound': ends,
  'closes as its outcome says': (evidence) => ofStarts(evidence, closes),
  'counts are those of the outcomes': counts,
  'obeys an accepted stop': (evidence) => ofStarts(evidence, obeys),
  'a stop reaches every group': (evidence) => ofStarts(evidence, (start) => reachesGroups(start, evidence)),
  'nothing starts after a stop, or in a pause': (evidence) => ofStarts(evidence, startsNothing),
  'no write starts after a stop': noLateWrites,
  'what has completed is not made again': madeOnce,
  'the sweep finishes the job, and no more': sweepFinishes,
  'a sweep takes nothing from an open batch': openIsSpared,
  'no session is left open': noSessionOpen,
  'histories are short': short,
  'nothing secret is kept': ({ texts }) =>
    Object.entries(texts).flatMap(([where, text]) => secretsIn(text).map((secret) => `${secret} is in the ${where}`)),
  'requests are as the provider documents': ({ schemaBreaks }) => schemaBreaks,
  ...ITEM_PROMISES,
};

/** Every promise that the batch has broken. */
export const batchViolationsOf = (evidence: BatchEvidence): string[] =>
  Object.entries(PROMISES).flatMap(([name, check]) => check(evidence).map((words) => `${name}: ${words}`));

function ends(evidence: BatchEvidence): string[] {
  const open = [...evidence.groups, ...evidence.singles].filter(({ closedAs }) => closedAs === 'RUNNING');
  return [
    ...ofStarts(evidence, ({ closedAs }) => (closedAs === 'RUNNING' ? ['the batch has not ended'] : [])),
    ...open.map(({ workflowId }) => `${workflowId} has not ended`),
  ];
}

function closes({ status, closedAs }: BatchStart): string[] {
  if (closedAs === 'TERMINATED' || closedAs === 'RUNNING') return [];
  if (closedAs !== 'COMPLETED') return [`the batch is closed as ${closedAs}`];
  return status?.outcome ? [] : ['the batch has closed without an outcome'];
}

function counts(evidence: BatchEvidence): string[] {
  const { schedule, wanted } = evidence;
  const refused = schedule.around.includes('stranger') ? 1 : 0;
  return ofStarts(evidence, (start) => {
    const { status, listed } = start;
    if (!status || (status.timings.listedAt === undefined && stopOf(start))) return []; // it does not know its items
    const problems = status.refused === refused ? [] : [`${status.refused} are refused, of ${refused}`];
    if (listed.length !== wanted.length) problems.push(`${listed.length} of ${wanted.length} are listed`);
    const by: Record<string, number> = {};
    for (const { item } of listed) {
      const record = standing(start, item);
      const where = record?.outcome ?? record?.phase ?? 'pending';
      by[where] = (by[where] ?? 0) + 1;
    }
    const told = Object.fromEntries(Object.entries(status.counts.by).filter(([, count]) => count > 0));
    const differs = [...new Set([...Object.keys(by), ...Object.keys(told)])].filter(
      (where) => by[where] !== told[where],
    );
    if (differs.length > 0) problems.push(`told ${JSON.stringify(told)}, but the store has ${JSON.stringify(by)}`);
    const whole = by.completed === listed.length;
    if (status.outcome === 'completed' && !whole) problems.push(`it is completed with ${JSON.stringify(by)}`);
    if (status.outcome === 'failed' && whole) problems.push('it has failed, though every item is completed');
    return problems;
  });
}

function obeys(start: BatchStart): string[] {
  const stop = stopOf(start);
  if (!stop || !start.status) return [];
  const wanted = stop.heard.includes('forceDelete') ? ['deleted'] : ['cancelled', 'deleted'];
  const { outcome } = start.status;
  return outcome && wanted.includes(outcome) ? [] : [`${stop.heard.join(', ')} was heard, yet it is ${outcome}`];
}

/** A group that goes on for so long after its batch was stopped has been told; where a worker dies, or loses a task, it takes longer. */
const TOLD_WITHIN_MS = 6000;
const TOLD_AFTER_DEATH_MS = 30_000;

function reachesGroups(start: BatchStart, { groups, struck }: BatchEvidence): string[] {
  const stop = stopOf(start);
  const isLate = struck.some(({ what }) => isDeath(what)) || start.runs.some(({ lostTask }) => lostTask);
  const within = ({ lostTask }: { lostTask: boolean }): number =>
    isLate || lostTask ? TOLD_AFTER_DEATH_MS : TOLD_WITHIN_MS;
  if (!stop || start.closedAs === 'TERMINATED') return [];
  const wereTold = start.runs.flatMap(({ toldTooLate }) => toldTooLate);
  return groups
    .filter((group) => isOf(start, group) && group.startedAt < stop.at && group.stoppedAt === undefined)
    .filter(({ workflowId }) => !wereTold.includes(workflowId))
    .filter((group) => (group.closedAt ?? Infinity) > stop.at + within(group) && group.closedAs !== 'TERMINATED')
    .map(({ workflowId }) => `${workflowId} was not told`);
}

const startsNothing = ({ runs }: BatchStart): string[] =>
  runs.flatMap(({ started }) =>
    started.flatMap(({ workflowId, untimely }) => (untimely ? [`${workflowId} was started, though ${untimely}`] : [])),
  );

const STOP_WITHIN_MS = 2000;
/** An upload hears of a stop with its heartbeat, every five seconds while bytes move. */
const UPLOAD_STOPS_WITHIN_MS = 6000;

/** Of the groups that were told; where lifecycles of their own run, writes may be theirs. */
function noLateWrites(evidence: BatchEvidence): string[] {
  if (evidence.singles.length > 0) return [];
  return ofStarts(evidence, (start) => {
    const stop = stopOf(start);
    if (!stop || start.closedAs !== 'COMPLETED') return [];
    const ofStart = evidence.groups.filter((group) => isOf(start, group));
    const told = ofStart.map(({ stoppedAt = 0, stopHeardAt = stoppedAt }) => stopHeardAt);
    const last = Math.max(stop.at, ...told);
    const within = (route: string): number => (/^PUT |multipart/.test(route) ? UPLOAD_STOPS_WITHIN_MS : STOP_WITHIN_MS);
    return start.calls
      .filter(({ route, at }) => /^(POST|PUT) /.test(route) && !route.endsWith(':cancel') && at > last + within(route))
      .map(({ route, at }) => `${route} started ${Math.round(at - last)} ms after the stop`);
  });
}

/** A start after one in which everything was completed sends nothing; another batch uploads nothing, and may take branches. */
function madeOnce(evidence: BatchEvidence): string[] {
  if (evidence.singles.length > 0) return [];
  return ofStarts(evidence, ({ batchId, calls, outcomes, status }, before) => {
    const earlier = before.at(-1);
    if (!earlier || !status) return [];
    const problems = earlier.outcomes.flatMap(({ key, outcome, asset }) => {
      const now = outcomes.find((one) => one.key === key);
      if (outcome !== 'completed' || now?.outcome !== 'completed' || now.asset?.id === asset?.id) return [];
      return [`${key} had completed with asset ${asset?.id}, and has ${now.asset?.id} now`];
    });
    if (earlier.status?.outcome !== 'completed') return problems;
    const isMade = (route: string): boolean =>
      batchId === earlier.batchId ? /^(POST|PUT) /.test(route) : UPLOADS.test(route);
    const made = calls.filter(({ route }) => isMade(route)).map(({ route }) => route);
    return [...problems, ...made.map((route) => `everything had completed, yet there was a ${route}`)];
  });
}

/** A create, a part, or a session for files. */
const UPLOADS = /^PUT |^POST (\/assets|\S*assetIngestionSessions)$/;

function sweepFinishes(evidence: BatchEvidence): string[] {
  const { sweep, beforeSweep, wanted, starts, schedule } = evidence;
  if (!sweep.report) return ['the sweep has not ended'];
  const problems = sweep.report.leftover > 0 ? ['left something over'] : [];
  for (const { key } of wanted) {
    const last = starts.flatMap(({ outcomes }) => outcomes.filter((one) => one.key === key)).at(-1);
    const singles = singlesOf(evidence, key);
    const completed = [
      last?.outcome === 'completed' ? last.asset?.id : undefined,
      ...singles.map(({ status }) => (status?.outcome === 'completed' ? status.asset?.id : undefined)),
    ].filter((id) => id !== undefined && hasId(beforeSweep, id));
    const gone = completed.filter((id) => !wasForced(evidence, key) && !hasId(sweep.after, id));
    problems.push(...gone.map((id) => `${key}: removed asset ${id}, which it had completed with`));
    const mayBeKept =
      completed.length > 0 ||
      [schedule.onCancel, schedule.onFailure].includes('keep') ||
      schedule.strikes.some(({ cleanup }) => cleanup === 'keep') ||
      starts.some(({ outcomes }) =>
        outcomes.some((one) => one.key === key && (one.outcome === 'completed' || isKept(one.receipt))),
      );
    if (mayBeKept) continue;
    const there = assetsOf(sweep.after, key);
    const left = there.filter(({ released }) => released !== 'completed'); // just before its group was ended
    problems.push(...left.map(({ id }) => `${key}: left asset ${id}`));
    if (there.length > left.length) continue; // what was made of it stays with it
    const objects = sweep.after.objects.filter((one) => one.key === key);
    problems.push(...objects.map(({ kind, id }) => `${key}: left ${kind} ${id}`));
  }
  return problems;
}

const isKept = (receipt: { entries: readonly { result: string }[] } | undefined): boolean =>
  receipt?.entries.some(({ result }) => result === 'kept') ?? false;

/** A surplus may go: of several with one tag one is wanted at most. */
function openIsSpared({ openSweeps, starts }: BatchEvidence): string[] {
  const [first] = starts;
  return openSweeps.flatMap(({ report, open }) => {
    const items = first?.listed.filter(({ item }) => open.some(({ from, end }) => item >= from && item < end)) ?? [];
    const keys = new Set(items.map(({ key }) => key));
    return report.orphans
      .filter(({ key, cause }) => keys.has(key) && cause !== 'surplus')
      .map(({ assetId, key, cause }) => `asset ${assetId} of ${key} was taken for an orphan: ${cause}`);
  });
}

/** A session whose create took effect though nobody heard of it stands until its URLs expire. */
function noSessionOpen(evidence: BatchEvidence): string[] {
  const { beforeSweep, starts, singles } = evidence;
  if (leavesSurplus(evidence) || wasStruckBy(evidence, 'late', 'terminate')) return [];
  const receipts = [
    ...starts.flatMap(({ outcomes }) => outcomes.map(({ receipt }) => receipt)),
    ...singles.map(({ status }) => status?.receipt),
  ];
  const entries = receipts.flatMap((receipt) => receipt?.entries ?? []);
  if (entries.some(({ result }) => result === 'leftover')) return []; // told
  const told = new Set(entries.filter(({ result }) => result !== 'deleted').map(({ id }) => id));
  const handedIn = (id: string) => starts.flatMap(({ outcomes }) => outcomes.filter((one) => one.ingestion?.id === id));
  /** The assets came by another session meanwhile; this one ends by itself once its files are processed. */
  const endsByItself = (id: string): boolean => handedIn(id).every(({ outcome }) => outcome === 'completed');
  const open = beforeSweep.openSessions.filter(({ id, hasAll }) => !told.has(id) && !(hasAll && endsByItself(id)));
  return open.map(({ id }) => `session ${id}`);
}

/** A round of a group with one branch, and what a fault, a death, a stop or a further branch adds. */
const EVENTS_OF_A_GROUP = 60;
const EVENTS_OF_A_ROUND = 36;
const MOST_EVENTS_OF_A_BATCH = 2000;
const LONGEST_EVENT = 20_000;

function short({ groups, starts, struck, acts, schedule }: BatchEvidence): string[] {
  const rounds = struck.length + acts.length + schedule.branches.length;
  const most = EVENTS_OF_A_GROUP + rounds * EVENTS_OF_A_ROUND;
  const batches = starts.flatMap(({ runs }) => runs);
  return [
    ...groups.filter(({ events }) => events > most).map((one) => `${one.workflowId} has ${one.events} events`),
    ...batches
      .filter(({ events }) => events > MOST_EVENTS_OF_A_BATCH)
      .map(({ events }) => `a batch has ${events} events`),
    ...[...groups, ...batches]
      .filter(({ longestEvent }) => longestEvent > LONGEST_EVENT)
      .map(({ workflowId, longestEvent }) => `${workflowId} has an event of ${longestEvent} characters`),
  ];
}
