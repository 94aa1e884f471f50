import { failure, failureType } from '../../src/contracts/failures';
import type { Handle } from '../../src/contracts/branches/handle';
import type { Assets, ProviderAsset } from '../../src/providers/assets';
import type {
  MediaProvider,
  Observation,
  ObservationTrouble,
  Traits,
  WatchOptions,
} from '../../src/providers/media-provider';
import { outcomeOf } from '../../src/providers/outcome';
import { pageAfter } from '../../src/providers/shared/read-pages';
import { embedBranch, entityBranch, indexBranch } from './memory/branches';
import { memoryIntake } from './memory/intake';
import { gone, MemoryState } from './memory/state';

const TRAITS: Traits = {
  itemsPerSubmission: 10,
  gatherMs: 0,
  uniqueNames: false,
  handlesPerWatch: 50,
  assetsPerPage: 50,
  marksAssets: true,
};

/**
 * A provider in memory, which keeps the port's promises as the conformance kit states them. What it holds stands open to
 * tests: `held` (assets by id), `references` (index entries by asset), `entities`, `entryMetadata`, `sessions`.
 *
 * `calls` names what was asked, in the port's words: `assets.list`, `assets.get`, `assets.remove` (and `by force`),
 * `assets.annotate`, `assets.referrers`, `intake.submit`, `intake.find`, `parts.put`, `entity.start`, `index.remove`.
 * `failNext` lets one of them fail; `keyRevoked`, `callsLeft` and `assetsLeft` make it refuse as a provider would. Each operation can be replaced: `provider.assets.remove = …`.
 */
export class MemoryProvider extends MemoryState implements MediaProvider {
  readonly name = 'twelvelabs';
  readonly traits: Traits;
  /** Ids that a wait finds ready, by the kind of the handle. */
  readonly watched = new Map<string, { has(id: string): boolean }>([
    ['entity', this.entities],
    ['indexed-asset', this.entryMetadata],
    ['embedding', this.tasks],
  ]);
  readonly intake = memoryIntake(this);
  readonly assets = memoryAssets(this);
  readonly branches = { embed: embedBranch(this), entity: entityBranch(this), index: indexBranch(this) };

  constructor(traits: Partial<Traits> = {}) {
    super();
    this.traits = { ...TRAITS, ...traits };
  }

  async *watch(
    handles: readonly Handle[],
    { pace, signal }: WatchOptions,
  ): AsyncIterable<Observation | ObservationTrouble> {
    for (let from = 0; from < handles.length; from += this.traits.handlesPerWatch) {
      await pace();
      for (const handle of handles.slice(from, from + this.traits.handlesPerWatch)) {
        yield await this.observe(handle, signal);
      }
    }
  }

  async close(): Promise<void> {}

  private async observe(handle: Handle, signal?: AbortSignal): Promise<Observation | ObservationTrouble> {
    try {
      return await this.call(`watch ${handle.id}`, signal, () => this.stateOf(handle));
    } catch (error) {
      if (failureType(error) === 'ResourceGone') return { handle, state: 'gone' };
      return { handles: [handle], error };
    }
  }

  private stateOf(handle: Handle): Observation {
    const { kind, id } = handle;
    if (kind === 'asset') {
      const asset = this.asset(id);
      const state = asset.status === 'ready' || asset.status === 'failed' ? asset.status : 'working';
      return { handle, state, message: asset.errorMessage, asset };
    }
    const known = this.watched.get(kind);
    if (!known) throw failure('InvalidRequest', `a handle of the kind "${kind}" is not of this provider (${id})`);
    return known.has(id) ? { handle, state: 'ready' } : gone(id);
  }
}

function memoryAssets(state: MemoryState & { traits: Traits }): Assets {
  return {
    list: ({ from, page = Number(from ?? 1), pageSize = 10, ids, types, filename }, { signal } = {}) =>
      state.call('assets.list', signal, () => {
        const { assetsPerPage } = state.traits;
        if (pageSize > assetsPerPage) throw failure('ProviderRejected', `a page has ${assetsPerPage} assets at most`);
        const isAsked = ({ id, fileType = '', filename: name = '' }: ProviderAsset): boolean =>
          (ids === undefined || ids.length === 0 || ids.includes(id)) &&
          (types === undefined || types.length === 0 || types.some((type) => fileType.startsWith(`${type}/`))) &&
          name.toLowerCase().includes((filename ?? '').toLowerCase());
        const asked = [...state.held.values()].toReversed().filter(isAsked);
        const items = asked.slice((page - 1) * pageSize, page * pageSize);
        const totalPages = Math.ceil(asked.length / pageSize);
        return { items, next: pageAfter(page, { items, totalPages }), page, totalPages, totalItems: asked.length };
      }),

    get: (assetId, { signal } = {}) => state.call('assets.get', signal, () => state.asset(assetId)),

    remove: (assetIds, { force, signal }) =>
      Promise.all(
        assetIds.map((assetId) =>
          outcomeOf(() =>
            state.call(`assets.remove${force ? ' by force' : ''}`, signal, () => {
              state.asset(assetId);
              if (!force && (state.references.get(assetId)?.length ?? 0) > 0) {
                throw failure('BlockedByReferences', `DELETE /assets/{id}: ${assetId} is indexed`);
              }
              state.held.delete(assetId);
            }),
          ),
        ),
      ),

    annotate: (changes, { signal } = {}) =>
      Promise.all(
        changes.map(({ assetId, fields }) =>
          outcomeOf(() =>
            state.call('assets.annotate', signal, () => {
              const asset = state.asset(assetId);
              asset.metadata = withoutNulls({ ...asset.metadata, ...fields });
            }),
          ),
        ),
      ),

    referrers: (assetId, { signal } = {}) =>
      state.call('assets.referrers', signal, () => [
        ...[...state.entities]
          .filter(([, { assetIds }]) => assetIds.includes(assetId))
          .map(([id, { in: collectionId = 'c', name }]) => ({
            ...{ branch: 'entity', kind: 'entity', id, name, parent: { kind: 'collection', id: collectionId } },
            ...{ words: `entity ${id} in collection ${collectionId}`, blocksDeletion: false },
          })),
        ...(state.references.get(assetId) ?? []).map(({ indexId, indexedAssetId: id }) => ({
          ...{ branch: 'index', kind: 'indexed asset', id, parent: { kind: 'index', id: indexId } },
          ...{ words: `indexed asset ${id} in index ${indexId}`, blocksDeletion: true },
        })),
      ]),
  };
}

const withoutNulls = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
