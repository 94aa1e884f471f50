import type { ItemOutcome } from '../../../src/contracts/batch/item-outcome';
import type { BatchEvidence, BatchStart, PlaceState, Wanted } from '../evidence';
import {
  assetsOf,
  hasId,
  isOf,
  leavesSurplus,
  ofStarts,
  singlesOf,
  standing,
  stopOf,
  terminatedGroups,
  wasForced,
  type Check,
} from './about';

/** What a batch promises for each of its items. */
export const ITEM_PROMISES: Readonly<Record<string, Check>> = {
  'one asset per key': oneAsset,
  'each item has one outcome': oneOutcome,
  'an outcome is the truth': outcomesAreTrue,
  "an item's receipt is the truth": receiptsAreTrue,
  'nothing is left that was to be deleted': nothingLeft,
  'an item fails alone': failsAlone,
  'an item is stopped by itself': stopped,
  'a key in use has a holder at work': holdersAtWork,
  'a key has one holder at a time': oneHolder,
};

function oneAsset(evidence: BatchEvidence): string[] {
  const { wanted, beforeSweep, sweep } = evidence;
  const states = leavesSurplus(evidence) ? [sweep.after] : [beforeSweep, sweep.after];
  return wanted.flatMap(({ key }) =>
    states.flatMap((state) => {
      const own = assetsOf(state, key);
      return own.length > 1 ? [`${key} has the assets ${own.map(({ id }) => id).join(', ')}`] : [];
    }),
  );
}

const isStarted = ({ outcome }: ItemOutcome): boolean => outcome !== undefined;

/** A batch that was stopped, or starts nothing after a failure, leaves what it never began as it was. */
function oneOutcome(evidence: BatchEvidence): string[] {
  const { schedule } = evidence;
  return ofStarts(evidence, (start) => {
    const { listed, outcomes, status, closedAs } = start;
    const problems: string[] = [];
    for (const { item } of listed) {
      const records = outcomes.filter((one) => one.item === item);
      if (records.length > 1) problems.push(`item ${item} is in the report ${records.length} times`);
    }
    const known = new Set(listed.map(({ item }) => item));
    for (const { item } of outcomes)
      if (!known.has(item)) problems.push(`the report has item ${item}, which is not listed`);
    const mayLeave = status?.outcome === 'cancelled' || status?.outcome === 'deleted' || closedAs !== 'COMPLETED';
    if (mayLeave || schedule.failureMode === 'FailAfterOne') return problems;
    const cut = terminatedGroups(evidence);
    for (const { item } of listed) {
      const record = standing(start, item);
      if (record && isStarted(record)) continue;
      if (cut.some(({ from, end }) => item >= from && item < end)) continue;
      problems.push(`item ${item} has no outcome: it is ${record?.phase ?? 'pending'}`);
    }
    return problems;
  });
}

function outcomesAreTrue(evidence: BatchEvidence): string[] {
  return ofStarts(evidence, (start) =>
    start.outcomes
      .filter(({ outcome }) => outcome === 'completed')
      .flatMap((record) =>
        completed(record, start, evidence).map((words) => `${record.key} is completed, but ${words}`),
      ),
  );
}

/** Another start has taken the asset up, and was asked to delete it, before this one was read. */
const isDeletedInAnother = ({ key, asset: told }: ItemOutcome, { starts }: BatchEvidence): boolean =>
  starts.some(({ outcomes }) =>
    outcomes.some((one) => one.key === key && one.outcome === 'deleted' && one.asset?.id === told?.id),
  );

/** Its group had ended when it was to go, so that a deletion of its key took it. */
const isDeletedByKey = ({ key, item }: ItemOutcome, evidence: BatchEvidence): boolean =>
  wasForced(evidence, key) && !evidence.groups.some(({ itemStops }) => itemStops.some((stop) => stop.item === item));

function completed(record: ItemOutcome, { after, results }: BatchStart, evidence: BatchEvidence): string[] {
  const { schedule, wanted, starts } = evidence;
  const { asset: told, branches = [], key } = record;
  const asset = after.assets.find(({ id }) => id === told?.id);
  if (!asset) {
    const isTold = isDeletedInAnother(record, evidence) || isDeletedByKey(record, evidence);
    return isTold ? [] : [`its asset ${told?.id} is not there`];
  }
  const problems: string[] = [];
  if (asset.key !== key) problems.push(`its asset ${asset.id} is of ${asset.key}`);
  const source = wanted.find((one) => one.key === key);
  if (asset.sha256 !== undefined && asset.sha256 !== source?.sha256)
    problems.push(`asset ${asset.id} has other content`);
  const marksRefused = starts.some(({ calls }) => calls.some(({ route, outcome }) => isMark(route) && outcome !== 200));
  if (evidence.provider === 'twelvelabs' && asset.released === undefined && !marksRefused) {
    problems.push(`asset ${asset.id} has no release mark`);
  }
  const ready = branches.filter(({ status }) => status === 'ready');
  if (ready.length !== schedule.branches.length) {
    problems.push(`of ${schedule.branches.length} branches ${ready.length} are ready`);
  }
  for (const { type, id, result } of ready) {
    if (type !== 'embed' && !hasId(after, id)) problems.push(`${type} ${id} is not there`);
    if (result && results[result.uri] !== result.sha256) problems.push(`its records ${result.uri} are not there`);
  }
  return problems;
}

const isMark = (route: string): boolean => route.startsWith('PATCH ');

function receiptsAreTrue(evidence: BatchEvidence): string[] {
  const removed = removedBySingles(evidence);
  return ofStarts(evidence, (start) =>
    start.outcomes
      .filter(({ outcome, of }) => outcome !== undefined && of === start.runId)
      .flatMap((record) => receipt(record, start.after, removed).map((words) => `${record.key}: ${words}`)),
  );
}

/** What a single start of an item's key has taken up, and removed as its own. */
const removedBySingles = ({ singles }: BatchEvidence): ReadonlySet<string | undefined> =>
  new Set(
    singles
      .flatMap(({ status }) => status?.receipt?.entries ?? [])
      .flatMap(({ id, result }) => (result === 'deleted' ? [id] : [])),
  );

function receipt(
  { receipt: told }: ItemOutcome,
  after: PlaceState,
  removed: ReadonlySet<string | undefined>,
): string[] {
  return (told?.entries ?? []).flatMap(({ resource, id, result }) => {
    if (id === undefined || resource === 'result' || resource === 'upload-session') return [];
    const there = hasId(after, id);
    if (result === 'deleted' && there) return [`${resource} ${id} is called deleted, but is there`];
    return result === 'kept' && !there && !removed.has(id) ? [`${resource} ${id} is called kept, but is gone`] : [];
  });
}

/** Of items that did not complete; what a lifecycle of the key, another batch, or an earlier start has made is not theirs. */
function nothingLeft(evidence: BatchEvidence): string[] {
  if (leavesSurplus(evidence)) return [];
  return ofStarts(evidence, (start, before) =>
    start.listed.flatMap(({ item, key }) => {
      const record = standing(start, item);
      const hadBefore = before.some(({ after }) => assetsOf(after, key).length > 0);
      if (record?.outcome === 'completed' || singlesOf(evidence, key).length > 0) return [];
      if (start.closedAs !== 'COMPLETED' && !record?.outcome) return []; // for the sweep
      const { policy, entries = [] } = record?.receipt ?? {};
      if (entries.some(({ result }) => result === 'leftover')) return []; // told, for the sweep
      const others = evidence.starts.filter(({ batchId }) => batchId !== start.batchId);
      const left = assetsOf(start.after, key).flatMap((one) =>
        others.some((other) => isOf(other, one)) ? [] : one.id,
      );
      if (policy === undefined)
        return hadBefore ? [] : left.map((id) => `${key} made nothing, yet asset ${id} is there`);
      const named = new Set(entries.filter(({ result }) => result === 'kept').map(({ id }) => id));
      // a file that was sent, and whose session is kept, may become an asset after its item has ended
      const keepsSession = entries.some(({ resource, result }) => resource === 'upload-session' && result === 'kept');
      if (policy === 'keep' && keepsSession) return [];
      if (policy === 'keep') return left.filter((id) => !named.has(id)).map((id) => `${key} does not name asset ${id}`);
      return left.filter((id) => !named.has(id)).map((id) => `${key} was to delete asset ${id}`);
    }),
  );
}

/** Where nobody stops anything and the provider refuses nothing for good, what becomes of an item is told by its source. */
function failsAlone(evidence: BatchEvidence): string[] {
  const { schedule, struck, acts, singles, wanted, groups } = evidence;
  const stopping = ['cancel', 'force-delete', 'native-cancel', 'terminate', 'refused', 'unauthorized'];
  if (struck.some(({ what }) => stopping.includes(what)) || acts.some(({ what }) => what === 'terminate-group'))
    return [];
  if (singles.length > 0 || schedule.failureMode === 'FailAfterOne') return [];
  const fails = ({ damaged }: Wanted): boolean => damaged || schedule.branches.includes('index-unknown');
  return ofStarts(evidence, (start, before) =>
    wanted.flatMap((source) => {
      const record = start.outcomes.find(({ key }) => key === source.key);
      const words = `${source.key} is ${record?.outcome ?? record?.phase ?? 'pending'}: ${record?.error?.message ?? ''}`;
      const stops = groups.filter((group) => isOf(start, group)).flatMap(({ itemStops }) => itemStops);
      if (stops.some(({ item }) => item === record?.item)) return [];
      const wasDamaged = before.length === 0 && schedule.again === 'repaired';
      if (wasDamaged && record?.outcome === 'failed') return []; // it may have been damaged then
      return (record?.outcome === 'failed') === fails(source) ? [] : [words];
    }),
  );
}

/**
 * What was stopped ends so, or had ended before the step that was to end it; with a failure where something is left over. A
 * later start takes it up again.
 */
function stopped(evidence: BatchEvidence): string[] {
  return ofStarts(evidence, (start) => {
    if (start.closedAs !== 'COMPLETED') return [];
    const closedAt = start.runs.at(-1)?.closedAt ?? Infinity;
    const isMeanwhile = (at: number): boolean => (start.runs[0]?.startedAt ?? 0) <= at && at <= closedAt;
    const own = evidence.groups.filter((group) => isOf(start, group) && group.closedAs === 'COMPLETED');
    const stops = own
      .filter(({ startedAt }) => isMeanwhile(startedAt)) // what ended otherwise in those of an earlier start is taken up again
      .flatMap(({ itemStops }) => itemStops);
    return stops.flatMap(({ item, outcome, at, steppedAt }) => {
      const record = standing(start, item);
      const isLeftAsItWas = steppedAt === undefined && record?.outcome === undefined; // nothing more was to be begun
      const mayHaveEnded = outcome === 'cancelled' || steppedAt === undefined; // force comes after an end as well
      const hadEnded = isLeftAsItWas || (mayHaveEnded && Date.parse(record?.endedAt ?? '') <= (steppedAt ?? at));
      const isOfItsHolder = // whoever has taken its key up since it ended keeps what it made
        Date.parse(record?.endedAt ?? '') <= (steppedAt ?? at) &&
        evidence.singles.some(
          ({ key, startedAt, cameToAssetAt }) =>
            key === record?.key && startedAt <= closedAt && cameToAssetAt !== undefined,
        );
      const mayBeCancelled = outcome === 'cancelled' || stopOf(start) !== undefined;
      const hasObeyed = record?.outcome === 'deleted' || (mayBeCancelled && record?.outcome === 'cancelled');
      if (
        hasObeyed ||
        hadEnded ||
        isOfItsHolder ||
        record?.receipt?.entries.some(({ result }) => result === 'leftover')
      )
        return [];
      return [`item ${item} was to be ${outcome}, yet it is ${record?.outcome ?? record?.phase ?? 'pending'}`];
    });
  });
}

/** Whoever is told that a key is in use is told by whom, and that one was at work at the time. */
function holdersAtWork(evidence: BatchEvidence): string[] {
  const { starts, groups, singles } = evidence;
  const problems: string[] = [];
  const overlaps = (one: { startedAt: number; closedAt?: number }, other: { startedAt: number; closedAt?: number }) =>
    one.startedAt <= (other.closedAt ?? Infinity) && other.startedAt <= (one.closedAt ?? Infinity);
  const groupsWith = (batchId: string, item: number) =>
    groups.filter(
      ({ workflowId, from, end }) => workflowId.startsWith(`asset-group:${batchId}:`) && item >= from && item < end,
    );
  for (const { outcomes, batchId, listed } of starts) {
    for (const { error, item, key, of } of outcomes) {
      const isOfKnown = starts.some(({ runId }) => runId === of); // what joins a batch just after its terminate starts it anew
      if (error?.type !== 'KeyInUse' || !isOfKnown) continue;
      const named = singles.filter((one) => one.key === key && error.message.includes(one.workflowId));
      const others = starts.filter(
        (other) => other.batchId !== batchId && error.message.includes(`"${other.batchId}"`),
      );
      const theirs = others.flatMap((other) => groupsWith(other.batchId, item));
      const own = groupsWith(batchId, item);
      if (![...named, ...theirs].some((holder) => own.some((group) => overlaps(holder, group)))) {
        problems.push(`${key}: nobody who is named was at work: ${error.message}`);
      }
    }
    for (const { key, status, ...single } of singles) {
      if (status?.error?.type !== 'KeyInUse' || !status.error.message.includes(`"${batchId}"`)) continue;
      const item = listed.find((one) => one.key === key)?.item ?? -1;
      if (!groupsWith(batchId, item).some((group) => overlaps(group, single))) {
        problems.push(`${key}: no group was at work: ${status.error.message}`);
      }
    }
  }
  const unnamed = singles.filter(
    ({ status }) =>
      status?.error?.type === 'KeyInUse' &&
      !starts.some(({ batchId }) => status.error?.message.includes(`"${batchId}"`)),
  );
  return [...problems, ...unnamed.map(({ key, status }) => `${key}: nobody known is named: ${status?.error?.message}`)];
}

/**
 * An item has its key from before it makes its asset until it has ended. A lifecycle that starts meanwhile may come to no
 * asset of that key, be it that it makes one or takes up the item's.
 */
function oneHolder({ starts, groups, singles }: BatchEvidence): string[] {
  return singles.flatMap(({ key, runId, startedAt, madeBefore, cameToAssetAt = Infinity }) => {
    const makers = groups.filter((group) => madeBefore.includes(group.runId));
    const heldUntil = makers.flatMap(
      (group) =>
        starts
          .filter((start) => isOf(start, group))
          .flatMap(({ outcomes }) => outcomes.filter((one) => one.key === key && one.endedAt !== undefined))
          .map(({ endedAt = '' }) => Date.parse(endedAt))
          .filter((until) => until <= (group.closedAt ?? Infinity)), // else a later group took the item up
    );
    const isBeside = heldUntil.some((until) => startedAt < cameToAssetAt && cameToAssetAt < until);
    return isBeside ? [`${key}: the lifecycle ${runId} came to an asset while an item had the key`] : [];
  });
}
