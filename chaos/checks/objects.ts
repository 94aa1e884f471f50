import { TAG_FIELDS } from '../../src/contracts/resource';
import type { EmulatorAsset, EmulatorState } from '../../emulator/twelvelabs/control-client';
import type { Before, Evidence } from './evidence';

type About = Pick<Evidence, 'key' | 'before' | 'twin'>;

/** Assets that carry the key and that the run has made: not its twin's, nor what an earlier run kept. */
export const ownAssets = ({ assets }: EmulatorState, { key, before, twin }: About): EmulatorAsset[] =>
  assets.filter(
    ({ _id, user_metadata }) =>
      user_metadata?.[TAG_FIELDS.key] === key && _id !== before.earlierAssetId && _id !== twin?.assetId,
  );

export const ownEntities = ({ entities }: EmulatorState, { key }: About) =>
  entities.filter((entity) => entity.metadata?.[TAG_FIELDS.key] === key);

export const ownEntries = ({ indexedAssets }: EmulatorState, { key, twin }: About) =>
  indexedAssets.filter(
    ({ user_metadata, asset_id }) => user_metadata?.[TAG_FIELDS.key] === key && asset_id !== twin?.assetId,
  );

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
