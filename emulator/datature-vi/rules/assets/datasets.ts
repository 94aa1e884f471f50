import { ApiError } from '../../../shared/server/api-error';
import type { DatasetRecord } from '../../store/records';
import { shown, type Emulation, type Place } from '../emulation';
import { checkedId, existing, invalid } from '../errors';
import { etagOf, linkOf } from '../links';
import { visibleAssets } from './assets';
import { USER_ID } from './views';

/** @throws ApiError 404 */
export const datasetOf = ({ store }: Emulation, { datasetId }: Place): DatasetRecord =>
  existing(store.datasets, 'dataset', datasetId);

/** By the control API. An id has no underscore, since the SDK keeps only what stands behind the last one. */
export function addDataset({ store, clock }: Emulation, id: string): DatasetRecord {
  if (checkedId('dataset', id).includes('_')) throw invalid('The id of a dataset must have no "_" here.');
  if (store.datasets.has(id)) throw new ApiError(409, 'Conflict', `The dataset ${id} exists already.`);
  const dataset = { id, createdAt: clock.now() };
  store.datasets.set(id, dataset);
  store.changed();
  return dataset;
}

export function datasetView(emulation: Emulation, place: Place) {
  const { id, createdAt } = datasetOf(emulation, place);
  const assets = visibleAssets(emulation, place);
  const annotated = assets.filter(({ annotations }) => annotations.total > 0);
  const tags: Record<string, number> = {};
  for (const { annotations } of annotated) {
    for (const [tag, count] of Object.entries(annotations.withTag)) tags[tag] = (tags[tag] ?? 0) + count;
  }
  return {
    kind: 'Dataset',
    datasetId: `${place.workspaceId}_${id}`,
    name: id,
    owner: USER_ID,
    workspaceId: place.workspaceId,
    type: 'phrase-grounding',
    content: 'Image',
    createDate: shown(emulation, createdAt),
    statistic: {
      assetTotal: assets.length,
      annotationTotal: annotated.reduce((sum, { annotations }) => sum + annotations.total, 0),
      tagsCount: tags,
      assetAnnotated: annotated.length,
    },
    users: { [USER_ID]: 'owner' },
    tags,
    cohorts: [],
    status: 0,
    lastAccessed: shown(emulation, emulation.clock.now()),
    isLocked: false,
    access: { isPublic: false, isReadOnly: false, isHidden: false },
    preference: {},
    assetStatuses: {},
    selfLink: linkOf(place),
    etag: etagOf(id, assets.length),
  };
}
