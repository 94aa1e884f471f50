import type { EmulatorState } from '../../emulator/twelvelabs/control-client';
import { resultsOf } from './aftermath';
import type { Evidence, Invariant, RunEvidence } from './evidence';
import { goneBetween, isHeldByOthers, isReleased, keyAssets } from './objects';
import { isAround } from '../schedules/situations';

/** What is promised in the situations of a schedule; everywhere else these hold by themselves. */
export const SITUATION_INVARIANTS: Record<string, Invariant> = {
  'what others have is left alone': othersUntouched,
  'what others hold is kept, and they are named': holdersNamed,
  'an adopted asset belongs to its adopter, and to nobody after': adoptedStays,
  'what vanished is only reported': vanishedStays,
  'what is young is left alone': youngStays,
  'another namespace is left alone': twinUntouched,
  'a mark that was refused is told, and set by the next sweep': markMended,
};

/** A run that was terminated while it cleaned up, and a sweep after it, may have gone by any policy of the schedule. */
export const mayHaveForced = ({ status, closedAs, schedule: { onCancel, onFailure, strikes } }: RunEvidence): boolean =>
  status?.receipt?.policy === 'force-delete' ||
  (closedAs === 'TERMINATED' &&
    ([onCancel, onFailure].includes('force-delete') ||
      strikes.some(({ what, cleanup }) => what === 'force-delete' || cleanup === 'force-delete')));

function othersUntouched(evidence: Evidence): string[] {
  const { before, sweep, schedule, earlier } = evidence;
  const { assets, entities, indexedAssets } = sweep.after;
  const forced = mayHaveForced(evidence) || (earlier !== undefined && mayHaveForced(earlier.run));
  const problems: string[] = [];
  const has = (list: readonly { _id: string }[], id: string | undefined): boolean =>
    id === undefined || list.some(({ _id }) => _id === id);
  if (!has(assets, before.assetId) && !forced && schedule.shape !== 'old-tags')
    problems.push('the adopted asset is gone');
  if (!has(entities, before.entityId)) problems.push('the entity that existed before is gone');
  if (!has(entities, before.othersEntityId)) problems.push('an entity of others is gone');
  if (forced) return problems;
  if (!has(indexedAssets, before.othersEntry)) problems.push('an index entry of others is gone');
  if (!has(indexedAssets, before.entryId)) problems.push('the index entry that existed before is gone');
  if (!has(entities, before.joinedEntityId)) problems.push('the entity that others joined is gone');
  const holdsNone = (id: string | undefined): boolean =>
    entities.some((entity) => entity._id === id && !entity.asset_ids.some((one) => one === assetOf(evidence)));
  if (holdsNone(before.othersEntityId)) problems.push('the asset was taken out of an entity of others');
  if (before.isMember && holdsNone(before.entityId)) problems.push('a membership that existed before is gone');
  return problems;
}

/** The asset that others hold: the adopted one, or the run's own. */
const assetOf = (evidence: Evidence): string | undefined =>
  evidence.before.assetId ?? evidence.status?.asset?.id ?? keyAssets(evidence.beforeSweep, evidence)[0]?._id;

function holdersNamed({ before, status, schedule, closedAs }: Evidence): string[] {
  const { policy, entries = [] } = status?.receipt ?? {};
  if (status?.outcome === 'completed') return []; // its asset is kept because it is wanted
  if (policy !== 'delete' || closedAs === 'TERMINATED' || schedule.source === 'asset' || !isHeldByOthers(before)) {
    return [];
  }
  const kept = entries.filter(
    ({ resource, result }) => result === 'kept' && (resource === 'asset' || resource === 'entity'),
  );
  if (kept.length === 0) return []; // left over, or never found: other promises look at that
  const holder = before.othersEntry ?? before.othersEntityId;
  const isNamed = kept.some(({ referrers = [] }) =>
    referrers.some((one) => (holder === undefined ? one.length > 0 : one.includes(holder))),
  );
  return isNamed ? [] : [`${holder ?? 'the asset that others added'} is not named in the receipt`];
}

function adoptedStays(evidence: Evidence): string[] {
  const { schedule, before, beforeSweep, sweep, marksRefused, struck, openSweep } = evidence;
  if (schedule.shape !== 'old-tags' || mayHaveForced(evidence)) return [];
  // without a mark only visibility can tell of the adopter, and that lags
  if (marksRefused || struck.some(({ what }) => what === 'refused' || what === 'unauthorized')) return [];
  const { assetId } = before;
  const has = ({ assets }: EmulatorState): boolean => assets.some(({ _id }) => _id === assetId);
  if (openSweep && !has(openSweep.after)) return ['a sweep removed the adopted asset while its adopter was open'];
  if (!has(beforeSweep)) return ['the adopted asset was removed'];
  const adopted = isReleased(beforeSweep.assets.find(({ _id }) => _id === assetId));
  return adopted && !has(sweep.after) ? ['a sweep removed the adopted asset after its adopter had ended'] : [];
}

function vanishedStays({
  schedule,
  beforeSweep,
  sweep,
  status,
  resultsAfter,
  key,
  closedAs,
  before,
}: Evidence): string[] {
  if (!isAround(schedule, 'retention')) return [];
  const takenForOrphan = sweep.report?.orphans.some((orphan) => orphan.key === key);
  // a run that was terminated while it made room for other content may have that deletion still under way
  const late = closedAs === 'TERMINATED' ? before.earlierAssetId : undefined;
  const gone = goneBetween(beforeSweep, sweep.after).filter((id) => id !== late);
  const isOldTags = schedule.shape === 'old-tags'; // its tag names a run that still stands
  const problems = gone.length > 0 && !isOldTags ? [`the sweep removed ${gone.join(', ')}`] : [];
  if (takenForOrphan) problems.push('the sweep took it for an orphan');
  const lost = resultsOf(status).filter((uri) => resultsAfter[uri] === undefined);
  if (status?.outcome === 'completed') problems.push(...lost.map((uri) => `the stored result ${uri} is gone`));
  return problems;
}

function youngStays({ youngSweep, beforeSweep, openSweep }: Evidence): string[] {
  if (!youngSweep) return [];
  if (!youngSweep.report) return ['the sweep with an hour of grace has not ended'];
  const taken = new Set(openSweep?.report?.orphans.map(({ assetId }) => assetId)); // by the sweep before, which had no grace
  const gone = goneBetween(beforeSweep, youngSweep.after).filter((id) => !taken.has(id));
  const orphans = youngSweep.report.orphans.map((orphan) => `took ${orphan.assetId} for an orphan`);
  return gone.length > 0 ? [...orphans, `removed ${gone.join(', ')}`] : orphans;
}

function twinUntouched({ twin, sweep }: Evidence): string[] {
  if (!twin) return [];
  const problems: string[] = [];
  const has = ({ assets }: EmulatorState): boolean => assets.some(({ _id }) => _id === twin.assetId);
  if (!has(sweep.after)) problems.push('its asset is gone');
  if (twin.resultSha256After === undefined) problems.push('its stored result is gone');
  else if (twin.resultSha256After !== twin.resultSha256) problems.push('its stored result was replaced');
  if (!twin.sweep.report) problems.push('its sweep has not ended');
  const gone = goneBetween(sweep.after, twin.sweep.after);
  if (gone.length > 0) problems.push(`its sweep removed ${gone.join(', ')} of this one`);
  return problems;
}

function markMended(evidence: Evidence): string[] {
  const { marksRefused, marksAside, status, schedule, sweep } = evidence;
  const id = status?.asset?.id;
  if (!marksRefused || marksAside || status?.outcome !== 'completed' || schedule.source === 'asset') return [];
  const told = status.receipt?.entries.some((entry) => entry.id === id && entry.because.includes('mark'));
  const problems = told ? [] : ['the receipt does not tell of it'];
  const asset = sweep.after.assets.find(({ _id }) => _id === id);
  if (!isAround(schedule, 'retention') && asset && !isReleased(asset)) problems.push('the sweep did not set it');
  return problems;
}
