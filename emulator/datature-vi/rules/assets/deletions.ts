import { z } from 'zod';
import type { DeletionRecord } from '../../store/records';
import { shown, type Emulation, type Place } from '../emulation';
import { existing, invalid, notFound, parse } from '../errors';
import { etagOf, linkOf } from '../links';
import { assetsIn, deleteAsset, refuseRules } from './assets';

const DeletionSchema = z.object({
  spec: z.object({
    filter: z.string().nullish(),
    metadataQuery: z.string().nullish(),
    ruleQuery: z.string().nullish(),
    strictQuery: z.boolean().nullish(),
  }),
});

/** Deletes what the query means now, once its time has come. A query that says nothing is refused. */
export function createDeletion(emulation: Emulation, place: Place, body: unknown): DeletionRecord {
  const { store, clock, settings } = emulation;
  const { filter, metadataQuery, ruleQuery } = parse(DeletionSchema, body).spec;
  refuseRules(ruleQuery);
  if (!filter && !metadataQuery) throw invalid('spec: must have a filter or a metadataQuery.');
  const query = { filter: filter ?? undefined, metadataQuery: metadataQuery ?? undefined };
  const createdAt = clock.now();
  const deletion: DeletionRecord = {
    id: store.newId(),
    datasetId: place.datasetId,
    query,
    createdAt,
    endsAt: createdAt + settings.processing.baseMs,
    assetIds: assetsIn(emulation, place, query).map(({ id }) => id),
  };
  store.deletions.set(deletion.id, deletion);
  settleDeletions(emulation);
  return deletion;
}

export function settleDeletions(emulation: Emulation): void {
  const { store, clock } = emulation;
  for (const deletion of store.deletions.values()) {
    if (deletion.endsAt > clock.now()) continue;
    for (const id of deletion.assetIds.splice(0)) {
      const asset = store.assets.get(id);
      if (asset) deleteAsset(emulation, asset);
    }
  }
}

/** @throws ApiError 404 */
export function deletionOf({ store }: Emulation, { datasetId }: Place, id: string): DeletionRecord {
  const deletion = existing(store.deletions, 'deletion session', id);
  if (deletion.datasetId === datasetId) return deletion;
  throw notFound('deletion session', id);
}

export function deletionView(emulation: Emulation, place: Place, deletion: DeletionRecord) {
  const { id, query, createdAt, endsAt } = deletion;
  const ended = endsAt <= emulation.clock.now();
  const at = shown(emulation, ended ? endsAt : createdAt);
  return {
    kind: 'DeleteManyAssetsSession',
    workspaceId: place.workspaceId,
    datasetId: `${place.workspaceId}_${place.datasetId}`,
    deleteManyAssetsSessionId: id,
    selfLink: linkOf(place, `/deleteManyAssetsSessions/${id}`),
    etag: etagOf(id, at),
    metadata: {
      timeCreated: shown(emulation, createdAt),
      lastUpdated: at,
      generation: ended ? 2 : 1,
      attributes: {},
    },
    spec: {
      filter: query.filter ?? null,
      metadataQuery: query.metadataQuery ?? null,
      ruleQuery: null,
      strictQuery: null,
    },
    status: {
      conditions: [
        { condition: 'Finished', status: ended ? 'Reached' : 'Waiting', lastTransitionTime: at },
        { condition: 'Started', status: 'Reached', lastTransitionTime: shown(emulation, createdAt) },
      ],
    },
  };
}
