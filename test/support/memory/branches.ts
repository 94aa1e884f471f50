import { failure } from '../../../src/contracts/failures';
import type { Handle } from '../../../src/contracts/branches/handle';
import {
  carriesTag,
  readTag,
  makerIn,
  runIdIn,
  tagFields,
  type BranchResource,
  type LedgerTag,
} from '../../../src/contracts/resource';
import type {
  BranchKind,
  BranchRemoval,
  BranchStart,
  ResultRecord,
  TaggedObject,
} from '../../../src/providers/branch-kind';
import { outcomeOf } from '../../../src/providers/outcome';
import { gone, type MemoryEntity, type MemoryState } from './state';

const DELETED: BranchRemoval = { result: 'deleted', because: 'the provider deleted it' };

async function* recordsOf(...vectors: number[][]): AsyncGenerator<ResultRecord> {
  for (const embedding of vectors) yield { embedding };
}

/** Gives records, at once for images. Leaves nothing behind. */
export const embedBranch = (state: MemoryState) =>
  ({
    type: 'embed',
    effect: () => 'free',
    start: (items, { signal } = {}) =>
      Promise.all(
        items.map(({ assetId, fileType }) =>
          outcomeOf(() =>
            state.call('embed.start', signal, (): BranchStart => {
              state.asset(assetId);
              if (fileType?.startsWith('image/')) {
                return { records: recordsOf([0.8, 0.6]), words: `The embedding of asset ${assetId}` };
              }
              const id = `task-${state.tasks.size + 1}`;
              state.tasks.add(id);
              return { id, handle: { kind: 'embedding', id, words: `Embed task ${id}` } };
            }),
          ),
        ),
      ),
    async *records({ id }, { signal } = {}) {
      const vectors = await state.call('embed.records', signal, () =>
        state.tasks.has(id) || id === 'task-1' ? state.vectors : gone(id),
      );
      yield* recordsOf(...vectors);
    },
  }) satisfies BranchKind;

const entityHandle = (id: string, collectionId: string): Handle => ({
  kind: 'entity',
  id,
  in: collectionId,
  words: `Entity ${id}`,
});

const MEMBERSHIP = 'entity-membership';
const collectionOf = ({ in: collectionId = 'c' }: MemoryEntity): string => collectionId;

/** Makes an entity of the asset, or adds the asset to one that is named. */
export const entityBranch = (state: MemoryState) => {
  const entity = (id: string): MemoryEntity => state.entities.get(id) ?? gone(id);
  const ownOf = (name: string | undefined, tag: Pick<LedgerTag, 'key' | 'owner'>): TaggedObject[] =>
    [...state.entities]
      .filter(([, one]) => one.name === name && carriesTag(one.metadata, tag))
      .map(([id, { metadata }]) => ({ id, madeBy: runIdIn(metadata) }));
  return {
    type: 'entity',
    effect: ({ entityId }) => (entityId === undefined ? 'create' : 'join'),
    start: (items, { signal } = {}) =>
      Promise.all(
        items.map(({ branch, assetId, name = '', tag }) =>
          outcomeOf(() =>
            state.call('entity.start', signal, (): BranchStart => {
              const { entityId, collectionId } = textFields(branch);
              state.asset(assetId);
              if (entityId !== undefined) {
                const { assetIds } = entity(entityId);
                if (!assetIds.includes(assetId)) assetIds.push(assetId);
                return { id: entityId, handle: entityHandle(entityId, collectionId ?? 'c') };
              }
              const id = state.nextId('entity');
              state.entities.set(id, { in: collectionId, name, metadata: tagFields(tag), assetIds: [assetId] });
              return { id, handle: entityHandle(id, collectionId ?? 'c') };
            }),
          ),
        ),
      ),
    find: ({ branch, assetId, name, tag }, { signal } = {}) =>
      state.call('entity.find', signal, (): BranchStart[] => {
        const { entityId, collectionId = 'c' } = textFields(branch);
        if (entityId === undefined)
          return ownOf(name, tag).map((one) => ({ ...one, handle: entityHandle(one.id, collectionId) }));
        state.asset(assetId);
        const isIn = state.entities.get(entityId)?.assetIds.includes(assetId);
        return isIn ? [{ id: entityId, handle: entityHandle(entityId, collectionId), adopted: true }] : [];
      }),
    madeFrom: ({ assetId, tag }, { signal } = {}) =>
      state.call('entity.madeFrom', signal, () =>
        [...state.entities].flatMap(([id, one]): BranchResource[] => {
          if (!state.held.has(assetId) || !one.assetIds.includes(assetId)) return [];
          const made = { branch: 'entity', id, in: collectionOf(one), assetId };
          if (carriesTag(one.metadata, tag)) {
            return [{ ...made, kind: 'entity', name: one.name, ...makerIn(one.metadata) }];
          }
          const joined = tag.joined?.find((other) => other.id === id);
          return joined ? [{ ...made, kind: MEMBERSHIP, madeBy: joined.runId }] : [];
        }),
      ),
    tagged: ({ kind, name, tag }, { signal } = {}) =>
      state.call('entity.tagged', signal, () => (kind === MEMBERSHIP ? [] : ownOf(name, tag))),
    remove: ({ kind, id, assetId, unproven, ofRunOnly, tag }, { force, own, signal }) =>
      state.call(kind === MEMBERSHIP ? 'entity.leave' : 'entity.remove', signal, (): BranchRemoval => {
        if (kind === MEMBERSHIP) {
          const joined = readTag(state.held.get(assetId)?.metadata ?? {})?.joined ?? [];
          if (
            unproven &&
            !force &&
            !joined.some((other) => other.id === id && (!ofRunOnly || other.runId === tag?.runId))
          ) {
            return { result: 'kept', because: 'nothing shows that this lifecycle has added the asset to the entity' };
          }
          const one = entity(id);
          if (!one.assetIds.includes(assetId)) throw failure('ResourceGone', `${assetId} is not in ${id}`);
          if (one.assetIds.length === 1) {
            return { result: 'kept', because: 'the provider refused: the last asset cannot be removed' };
          }
          one.assetIds = one.assetIds.filter((other) => other !== assetId);
          return DELETED;
        }
        const { assetIds } = entity(id);
        const others = assetIds.filter((one) => one !== assetId && !own.has(one));
        const nobodyTold = assetId === '' && own.size === 0 && assetIds.length === 1;
        if (!force && others.length > 0 && !nobodyTold) {
          const referrers = others.map((one) => `asset ${one}`);
          return { result: 'kept', because: 'others have added assets to it', referrers };
        }
        state.entities.delete(id);
        return DELETED;
      }),
    foundByAsset: ({ kind }) => kind === 'entity',
  } satisfies BranchKind;
};

/** An entry of the asset in an index, which blocks the asset's deletion. */
export const indexBranch = (state: MemoryState) => {
  const entriesOf = (assetId: string, indexId?: string) =>
    (state.references.get(assetId) ?? []).filter((entry) => indexId === undefined || entry.indexId === indexId);
  const isOwn = (id: string, tag: Pick<LedgerTag, 'key' | 'owner'>) => carriesTag(state.entryMetadata.get(id), tag);
  const startOf = (indexId: string, id: string): BranchStart => ({
    id,
    handle: { kind: 'indexed-asset', id, in: indexId, words: `Indexed asset ${id}` },
  });
  return {
    type: 'index',
    effect: () => 'create',
    start: (items, { signal } = {}) =>
      Promise.all(
        items.map(({ branch, assetId, tag }) =>
          outcomeOf(() =>
            state.call('index.start', signal, () => {
              state.asset(assetId);
              const { indexId = '' } = textFields(branch);
              const indexedAssetId = state.nextId('indexed');
              state.references.set(assetId, [...entriesOf(assetId), { indexId, indexedAssetId }]);
              state.entryMetadata.set(indexedAssetId, tagFields(tag));
              return startOf(indexId, indexedAssetId);
            }),
          ),
        ),
      ),
    find: ({ branch, assetId, tag }, { signal } = {}) =>
      state.call('index.find', signal, (): BranchStart[] => {
        const starts = entriesOf(assetId, textFields(branch).indexId ?? '').map(({ indexId, indexedAssetId }) =>
          isOwn(indexedAssetId, tag)
            ? { ...startOf(indexId, indexedAssetId), madeBy: runIdIn(state.entryMetadata.get(indexedAssetId)) }
            : { ...startOf(indexId, indexedAssetId), adopted: true },
        );
        return starts.toSorted((one, other) => Number(one.adopted ?? false) - Number(other.adopted ?? false));
      }),
    madeFrom: ({ assetId, tag }, { signal } = {}) =>
      state.call('index.madeFrom', signal, () =>
        entriesOf(assetId)
          .filter(({ indexedAssetId }) => isOwn(indexedAssetId, tag))
          .map(({ indexId, indexedAssetId: id }) => ({
            ...{ kind: 'indexed-asset', branch: 'index', id, in: indexId, assetId },
            ...makerIn(state.entryMetadata.get(id)),
          })),
      ),
    tagged: ({ in: indexId, assetId, tag }, { signal } = {}) =>
      state.call('index.tagged', signal, () => {
        const own = entriesOf(assetId, indexId).filter(({ indexedAssetId }) => isOwn(indexedAssetId, tag));
        return own.map(({ indexedAssetId: id }) => ({ id, madeBy: runIdIn(state.entryMetadata.get(id)) }));
      }),
    remove: ({ id }, { signal }) =>
      state.call('index.remove', signal, () => {
        let found = false;
        for (const [assetId, entries] of state.references) {
          const rest = entries.filter(({ indexedAssetId }) => indexedAssetId !== id);
          found ||= rest.length < entries.length;
          state.references.set(assetId, rest);
        }
        return found ? DELETED : gone(id);
      }),
    foundByAsset: () => false,
  } satisfies BranchKind;
};

function textFields(branch: { [field: string]: unknown }) {
  const text = (field: string): string | undefined => {
    const value = branch[field];
    return typeof value === 'string' ? value : undefined;
  };
  return { entityId: text('entityId'), collectionId: text('collectionId'), indexId: text('indexId') };
}
