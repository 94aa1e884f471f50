import type { DatatureViState, EmulatorAsset } from '../../emulator/datature-vi/control-client';
import { TAG_FIELDS } from '../../src/contracts/resource';
import { toldAt } from '../checks/events';
import { secretsIn } from '../checks/secrets';
import type { Happening } from '../schedules/strikes';
import type { DatasetEvidence, DatasetRun } from './evidence';
import type { DatasetSchedule } from './schedule';

type Check = (evidence: DatasetEvidence) => string[];

/** What lifecycles in a dataset promise, by the names in `docs/invariants.md`. Each check gives the violations, in words. */
const PROMISES: Readonly<Record<string, Check>> = {
  'ends within a bound': ({ runs }) => ofRuns(runs, ({ status }) => (status?.outcome ? [] : ['has not ended'])),
  'closes as its outcome says': (evidence) => ofRuns(evidence.runs, (run) => closes(run)),
  'obeys an accepted stop': obeys,
  'one asset per key and dataset': oneAsset,
  'completed means that everything is there': ({ runs, beforeSweep }) =>
    ofRuns(runs, (run) => completed(run, beforeSweep)),
  'the receipt is the truth': receiptIsTrue,
  'nothing is left that was to be deleted': nothingLeft,
  'no session is left open': noSessionOpen,
  'nothing is overwritten that was not told': nothingOverwritten,
  'no write starts after a stop': noLateWrites,
  'the sweep finishes the job, and no more': (evidence) => [...sweepSpares(evidence), ...sweepFinishes(evidence)],
  'nothing secret is kept': ({ texts }) =>
    Object.entries(texts).flatMap(([where, text]) => secretsIn(text).map((secret) => `${secret} is in the ${where}`)),
};

/** Every promise that the lifecycles have broken. */
export const datasetViolationsOf = (evidence: DatasetEvidence): string[] =>
  Object.entries(PROMISES).flatMap(([name, check]) => check(evidence).map((words) => `${name}: ${words}`));

const ofRuns = (runs: readonly DatasetRun[], check: (run: DatasetRun) => string[]): string[] =>
  runs.flatMap((run) => check(run).map((words) => `${run.key} ${words}`));

const wasStruckBy = ({ struck }: DatasetEvidence, ...kinds: Happening[]): boolean =>
  struck.some(({ what }) => kinds.includes(what));

/** Assets that the key made. */
const assetsOf = ({ assets }: DatatureViState, key: string): EmulatorAsset[] =>
  assets.filter(({ customMetadata }) => customMetadata[TAG_FIELDS.key] === key);

const hasAsset = ({ assets }: DatatureViState, id: string | undefined): boolean =>
  assets.some(({ assetId }) => assetId === id);

function closes({ status, closedAs }: DatasetRun): string[] {
  if (closedAs === 'TERMINATED' || !status?.outcome) return [];
  const wanted = { completed: ['COMPLETED'], cancelled: ['COMPLETED', 'CANCELED', 'CANCELLED'], failed: ['FAILED'] };
  const words = status.outcome === 'deleted' ? wanted.cancelled : wanted[status.outcome];
  return words.includes(closedAs) ? [] : [`has the outcome ${status.outcome}, but is closed as ${closedAs}`];
}

function obeys({ stops, runs: [first] }: DatasetEvidence): string[] {
  const accepted = stops.filter((stop) => stop.accepted).map(({ what }) => what);
  if (accepted.length === 0 || accepted.includes('terminate') || first?.status?.outcome !== 'completed') return [];
  return [`${accepted.join(' and ')} was accepted, yet it completed`];
}

function oneAsset({ runs, beforeSweep, sweep }: DatasetEvidence): string[] {
  return ofRuns(runs, ({ key }) =>
    [beforeSweep, sweep.after].flatMap((state) => {
      const own = assetsOf(state, key);
      return own.length > 1 ? [`has the assets ${own.map(({ assetId }) => assetId).join(', ')}`] : [];
    }),
  );
}

function completed({ status, sha256, filename }: DatasetRun, { assets }: DatatureViState): string[] {
  if (status?.outcome !== 'completed') return [];
  const asset = assets.find(({ assetId }) => assetId === status.asset?.id);
  if (!asset) return [`is completed, but its asset ${status.asset?.id} is not there`];
  const problems = asset.sha256 === sha256 ? [] : [`is completed, but asset ${asset.assetId} has other content`];
  return asset.filename === filename
    ? problems
    : [...problems, `is completed, but its asset is called ${asset.filename}`];
}

function receiptIsTrue(evidence: DatasetEvidence): string[] {
  const { runs, beforeSweep } = evidence;
  return ofRuns(runs, ({ key, status, closedAs }) => {
    if (closedAs === 'TERMINATED' || !status) return [];
    const entries = status.receipt?.entries ?? [];
    const wrong = entries
      .filter(({ resource, id }) => resource === 'asset' && id !== undefined)
      .flatMap(({ id, result }) => {
        const there = hasAsset(beforeSweep, id);
        if (result === 'deleted' && there) return [`calls asset ${id} deleted, but it is there`];
        return result === 'kept' && !there ? [`calls asset ${id} kept, but it is gone`] : [];
      });
    if (status.outcome === 'completed' || surplusIsLikely(evidence)) return wrong;
    const named = new Set(entries.filter(({ result }) => result !== 'deleted').map(({ id }) => id));
    const unknown = entries.some(({ result, id }) => result === 'leftover' && id === undefined);
    const unnamed = assetsOf(beforeSweep, key).filter(({ assetId }) => !unknown && !named.has(assetId));
    // a file that was sent and is kept may become an asset after its run has closed
    const keepsSession = entries.some(({ resource, result }) => resource !== 'asset' && result === 'kept');
    return keepsSession
      ? wrong
      : [...wrong, ...unnamed.map(({ assetId }) => `does not name asset ${assetId}, which is there`)];
  });
}

/** What takes effect too late, or twice, is left to the sweep. */
const surplusIsLikely = (evidence: DatasetEvidence): boolean => wasStruckBy(evidence, 'too-late', 'twice', 'terminate');

function nothingLeft(evidence: DatasetEvidence): string[] {
  const { runs, beforeSweep } = evidence;
  if (surplusIsLikely(evidence)) return [];
  return ofRuns(runs, ({ key, status, closedAs }) => {
    const { policy, entries = [] } = status?.receipt ?? {};
    if (closedAs === 'TERMINATED' || status?.outcome === 'completed' || !policy || policy === 'keep') return [];
    if (entries.some(({ result }) => result === 'leftover')) return []; // told, for the sweep
    return assetsOf(beforeSweep, key).map(({ assetId }) => `was to delete asset ${assetId}`);
  });
}

/** The id of a session is lost with the answer, where sessions do not tell their files. */
const LOSES_ANSWERS = ['drop-after', 'garbled', 'unavailable-after', 'stuck', 'kill-during', 'kill-after'] as const;

/** A session whose create took effect though nobody heard of it stands until its URLs expire. */
function noSessionOpen(evidence: DatasetEvidence): string[] {
  const { beforeSweep, runs, schedule } = evidence;
  const isUnknown = schedule.around.includes('forgets-files') && wasStruckBy(evidence, ...LOSES_ANSWERS);
  if (
    isUnknown ||
    surplusIsLikely(evidence) ||
    wasStruckBy(evidence, 'late') ||
    runs.some(({ closedAs }) => closedAs === 'TERMINATED')
  )
    return [];
  const entries = runs.flatMap(({ status }) => status?.receipt?.entries ?? []);
  const told = new Set(entries.filter(({ result }) => result !== 'deleted').map(({ id }) => id));
  if (entries.some(({ result }) => result === 'leftover')) return [];
  return beforeSweep.sessions
    .filter(({ ended, sessionId }) => ended === null && !told.has(sessionId))
    .map(({ sessionId }) => `session ${sessionId}`);
}

/** A run that was terminated while it cleaned up has no receipt that tells of its force. */
function mayForce({ schedule: { onFailure, onCancel, strikes }, stops }: DatasetEvidence): boolean {
  const wasStopped = stops.some(({ what, accepted }) => accepted && what !== 'terminate');
  const byStop = strikes.some(
    ({ what, cleanup }) => what === 'force-delete' || (what === 'cancel' && cleanup === 'force-delete'),
  );
  return onFailure === 'force-delete' || (wasStopped && (byStop || onCancel === 'force-delete'));
}

function nothingOverwritten(evidence: DatasetEvidence): string[] {
  const { schedule, others, runs, beforeSweep, sweep } = evidence;
  const forced = runs.some(({ status, closedAs }) =>
    status?.receipt ? status.receipt.policy === 'force-delete' : closedAs === 'TERMINATED' && mayForce(evidence),
  );
  const problems: string[] = [];
  for (const { assets } of [beforeSweep, sweep.after]) {
    if (!others || schedule.shape === 'name-taken-told') continue;
    const asset = assets.find(({ assetId }) => assetId === others.id);
    if (!asset && !(forced && schedule.shape === 'same-content')) problems.push(`asset ${others.id} of others is gone`);
    if (asset && asset.sha256 !== others.sha256) problems.push(`asset ${others.id} of others has other content`);
  }
  if (schedule.shape === 'one-name-twice' && runs.every(({ status }) => status?.outcome === 'completed')) {
    problems.push('two contents are completed under one name');
  }
  return problems;
}

const STOP_WITHIN_MS = 2000;
/** An upload hears of a stop with its heartbeat, every five seconds while bytes move. */
const UPLOAD_STOPS_WITHIN_MS = 6000;

/** Where others share the session, writes may be theirs. */
function noLateWrites({ stops, calls, runs }: DatasetEvidence): string[] {
  const stop = stops.find(({ accepted }) => accepted);
  if (!stop || runs.length > 1 || runs[0]?.closedAs === 'TERMINATED') return [];
  const within = (route: string): number => (/^PUT |multipart/.test(route) ? UPLOAD_STOPS_WITHIN_MS : STOP_WITHIN_MS);
  return calls
    .filter(
      ({ route, at }) => /^(POST|PUT) /.test(route) && !route.endsWith(':cancel') && at > toldAt(stop) + within(route),
    )
    .map(({ route, at }) => `${route} started ${Math.round(at - toldAt(stop))} ms after ${stop.what}`);
}

/** A sweep takes nothing that a lifecycle completed with, and nothing of others, unless a run has overwritten it as told. */
function sweepSpares({ sweep, runs, beforeSweep, others }: DatasetEvidence): string[] {
  if (!sweep.report) return ['the sweep has not ended'];
  const wanted = runs.filter(({ status }) => status?.outcome === 'completed').map(({ status }) => status?.asset?.id);
  const stillCame = sweep.after.sessions // of what had been sent before the sweep
    .filter(({ sessionId }) => beforeSweep.sessions.some((one) => one.sessionId === sessionId && one.ended === null))
    .flatMap(({ files }) => files.map(({ assetId }) => assetId));
  const theirs = beforeSweep.assets.filter(
    ({ assetId, sha256 }) => assetId === others?.id && sha256 === others.sha256 && !stillCame.includes(assetId),
  );
  return [...wanted, ...theirs.map(({ assetId }) => assetId)]
    .filter((id) => id !== undefined && hasAsset(beforeSweep, id) && !hasAsset(sweep.after, id))
    .map((id) => `the sweep removed ${id}`);
}

/** What was left of a run that was not to keep anything is gone after the sweep: its assets, and sessions that wait for it. */
function sweepFinishes({ sweep, runs, schedule }: DatasetEvidence): string[] {
  const { report, after } = sweep;
  if (!report || report.reportsOnly) return [];
  const problems = report.leftover > 0 ? ['the sweep left something over'] : [];
  for (const run of runs) {
    const mayHaveReleased = run.closedAs === 'TERMINATED' && report.seen.wanted > 0; // just before it was terminated
    if (!isToBeGone(run, schedule) || mayHaveReleased) continue;
    const own = assetsOf(after, run.key).filter(({ customMetadata }) => customMetadata[TAG_FIELDS.runId] === run.runId);
    problems.push(...own.map(({ assetId }) => `the sweep left asset ${assetId} of ${run.key}`));
  }
  const mayStay = schedule.around.includes('forgets-files') || !runs.every((run) => isOver(run, schedule));
  const open = mayStay ? [] : after.sessions.filter(({ ended }) => ended === null);
  return [...problems, ...open.map(({ sessionId }) => `the sweep left session ${sessionId} open`)];
}

function isToBeGone({ status, closedAs }: DatasetRun, { onCancel }: DatasetSchedule): boolean {
  if (closedAs === 'TERMINATED') return onCancel !== 'keep';
  const { policy, entries = [] } = status?.receipt ?? {};
  if (status?.outcome === 'completed' || policy === undefined || policy === 'keep') return false;
  return !entries.some(({ result }) => result === 'kept'); // it told why
}

/** Neither wants anything of a session that is open. */
const isOver = (run: DatasetRun, schedule: DatasetSchedule): boolean =>
  run.status?.outcome === 'completed' || isToBeGone(run, schedule);
