import { TAG_FIELDS } from '../../src/contracts/resource';
import type { EmulatorAsset, EmulatorState } from '../../emulator/twelvelabs/control-client';
import type { Before, RunEvidence } from './evidence';

type About = Pick<RunEvidence, 'key' | 'before' | 'twin' | 'had'> & Partial<Pick<RunEvidence, 'runId'>>;

/** Assets that carry the key: not its twin's, nor what an earlier run kept of other content. */
export const keyAssets = ({ assets }: EmulatorState, { key, before, twin }: About): EmulatorAsset[] =>
  assets.filter(
    ({ _id, user_metadata }) =>
      user_metadata?.[TAG_FIELDS.key] === key && _id !== before.earlierAssetId && _id !== twin?.assetId,
  );

/** Assets of the key that this run has made or taken up, without the one that an earlier run has completed with. */
export const ownAssets = (state: EmulatorState, about: About): EmulatorAsset[] =>
  keyAssets(state, about).filter(({ _id, user_metadata }) => {
    const { had, runId } = about;
    const madeBy = user_metadata[TAG_FIELDS.runId];
    if (_id === had?.assetId || (madeBy !== undefined && madeBy === had?.terminatedRunId)) return false;
    return !wasThere(about, _id) || madeBy === runId;
  });

export const keyEntities = ({ entities }: EmulatorState, { key }: Pick<About, 'key'>) =>
  entities.filter((entity) => entity.metadata?.[TAG_FIELDS.key] === key);

export const keyEntries = ({ indexedAssets }: EmulatorState, { key, twin }: Pick<About, 'key' | 'twin'>) =>
  indexedAssets.filter(
    ({ user_metadata, asset_id }) => user_metadata?.[TAG_FIELDS.key] === key && asset_id !== twin?.assetId,
  );

/** Entities that this run has made. */
export const ownEntities = (state: EmulatorState, about: About) =>
  keyEntities(state, about).filter(({ _id }) => !wasThere(about, _id));

/** Index entries that this run has made. */
export const ownEntries = (state: EmulatorState, about: About) =>
  keyEntries(state, about).filter(({ _id }) => !wasThere(about, _id));

const wasThere = ({ had }: About, id: string): boolean => had !== undefined && idsOf(had.state).includes(id);

/** What a run of the key that did not complete has left of the asset. */
export function leftByEarlier({ had, ...about }: About): string[] {
  if (!had || had.completed) return [];
  const assets = new Set(keyAssets(had.state, about).map(({ _id }) => _id));
  const joined = had.state.entities.filter(({ asset_ids }) => asset_ids.some((id) => assets.has(id)));
  return [...joined, ...keyEntities(had.state, about), ...keyEntries(had.state, about)].map(({ _id }) => _id);
}

/** Others refer to the asset, so that it stays unless it is deleted by force. */
export const isHeldByOthers = ({ othersEntry, othersEntityId, joinedEntityId }: Before): boolean =>
  (othersEntry ?? othersEntityId ?? joinedEntityId) !== undefined;

export const isReleased = (asset: EmulatorAsset | undefined): boolean =>
  asset?.user_metadata?.[TAG_FIELDS.released] !== undefined;

/** Ids of everything that a lifecycle can make or touch. */
export const idsOf = ({ assets, entities, indexedAssets }: EmulatorState): string[] =>
  [...assets, ...entities, ...indexedAssets].map(({ _id }) => _id);

export const goneBetween = (before: EmulatorState, after: EmulatorState): string[] => {
  const left = new Set(idsOf(after));
  return idsOf(before).filter((id) => !left.has(id));
};
