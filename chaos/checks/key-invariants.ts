import { TAG_FIELDS } from '../../src/contracts/resource';
import { isAround } from '../schedules/situations';
import type { Evidence, Invariant } from './evidence';
import { idsOf, keyEntities, keyEntries, isReleased } from './objects';
import { leavesSurplus } from './run-invariants';
import { mayHaveForced } from './situation-invariants';

/** What is promised of a key that has more than one run; with one run these hold by themselves. */
export const KEY_INVARIANTS: Record<string, Invariant> = {
  'what a key completed with stays': completedStays,
  'nothing is uploaded twice': uploadedOnce,
  'other content is refused where the key has completed': otherContentRefused,
  'the release mark is there': markIsTrue,
  'force removes all that the key has': forceRemovesAll,
};

/** Also in a sweep between the runs, or while the later one is open. */
function completedStays(evidence: Evidence): string[] {
  const { had, schedule, sweep, before, resultsAfter } = evidence;
  if (!had?.completed || schedule.shape === 'again-changed' || mayHaveForced(evidence)) return [];
  const left = new Set(idsOf(sweep.after));
  const entity = sweep.after.entities.find(({ _id }) => _id === before.entityId);
  const assetId = had.assetId ?? before.assetId;
  const isOut = had.isMember && assetId !== undefined && !entity?.asset_ids.includes(assetId);
  return [
    ...(had.assetId !== undefined && !left.has(had.assetId) ? [`asset ${had.assetId} is gone`] : []),
    ...had.objects.filter((id) => !left.has(id)).map((id) => `${id} of an earlier run is gone`),
    ...(isOut ? ['the asset is not in the entity any more'] : []),
    ...Object.entries(had.results)
      .filter(([uri, hash]) => resultsAfter[uri] !== hash)
      .map(([uri]) => `the result ${uri} is gone, or another`),
  ];
}

const CREATES: ReadonlySet<string> = new Set(['POST /assets', 'POST /assets/multipart-uploads']);

/** A run that finds a ready asset of the key with its content asks for no other. */
function uploadedOnce({ had, before, key, twin, calls }: Evidence): string[] {
  const found = had?.state.assets.find(
    ({ _id, user_metadata, status, sha256 }) =>
      user_metadata[TAG_FIELDS.key] === key &&
      _id !== twin?.assetId &&
      status === 'ready' &&
      sha256 !== undefined &&
      sha256 === before.contentSha256,
  );
  const creates = calls.filter(({ route }) => CREATES.has(route)).length;
  return found && creates > 0 ? [`${creates} creates, although asset ${found._id} was there`] : [];
}

function otherContentRefused({ had, schedule, status }: Evidence): string[] {
  if (!had?.completed || schedule.shape !== 'content-changed') return [];
  return status?.outcome === 'completed' ? ['it completed'] : [];
}

/** Once a sweep has set what could not be set before. */
function markIsTrue(evidence: Evidence): string[] {
  const { schedule, sweep, status, had, marksRefused, earlier } = evidence;
  if (isAround(schedule, 'retention') || marksRefused || earlier?.run.marksRefused) return [];
  const own = status?.outcome === 'completed' && schedule.source !== 'asset' ? status.asset?.id : undefined;
  const wanted = [...new Set([own, had?.assetId])].filter((id) => id !== undefined);
  return wanted.flatMap((id) => {
    const asset = sweep.after.assets.find(({ _id }) => _id === id);
    if (!asset) return []; // other promises look at that
    return isReleased(asset) ? [] : [`asset ${id} has no release mark`];
  });
}

function forceRemovesAll(evidence: Evidence): string[] {
  const { stops, status, closedAs, beforeSweep, earlier, twin, key, resultsAfter } = evidence;
  const forced = stops.some(({ what, accepted }) => accepted && what === 'force-delete');
  if (!forced || closedAs === 'TERMINATED' || leavesSurplus(evidence)) return [];
  if (earlier && leavesSurplus(earlier.run)) return [];
  if (status?.receipt?.entries.some(({ result }) => result === 'leftover')) return [];
  const assets = beforeSweep.assets.filter(
    ({ _id, user_metadata }) => user_metadata[TAG_FIELDS.key] === key && _id !== twin?.assetId,
  );
  const left = [...assets, ...keyEntities(beforeSweep, evidence), ...keyEntries(beforeSweep, evidence)];
  const results = Object.entries(resultsAfter).flatMap(([uri, hash]) => (hash ? [uri] : []));
  return [...left.map(({ _id }) => _id), ...results].map((one) => `${one} is left`);
}
