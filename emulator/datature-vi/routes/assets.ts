import type { ApiCall } from '../../shared/server/routed-api';
import { assetNamed, assetOf, countAssets, deleteAsset, listAssets, renameAsset } from '../rules/assets/assets';
import { datasetView } from '../rules/assets/datasets';
import { createDeletion, deletionOf, deletionView } from '../rules/assets/deletions';
import { assetView } from '../rules/assets/views';
import type { Emulation } from '../rules/emulation';
import { flag, pageOf } from '../rules/paging';
import type { Api } from './api';

/** A dataset and its assets. Source: the SDK's `datasets` and `assets`. */
export function assetRoutes(api: Api, emulation: Emulation): void {
  const asset = (call: ApiCall) => assetOf(emulation, api.placeOf(call), call.params.asset_id ?? '');

  api.route('GET', '/', (call) => () => ({ status: 200, body: datasetView(emulation, api.placeOf(call)) }));
  api.route('GET', '/assets', (call) => () => ({
    status: 200,
    body: listAssets(emulation, api.placeOf(call), call.query),
  }));
  api.route('GET', '/assets:count', (call) => () => ({
    status: 200,
    body: countAssets(emulation, api.placeOf(call), call.query),
  }));
  api.route('GET', '/assets/{asset_id}', (call) => () => ({
    status: 200,
    body: assetView(emulation, api.placeOf(call), asset(call), flag(call.query, 'contents')),
  }));
  api.route('DELETE', '/assets/{asset_id}', (call) => () => {
    deleteAsset(emulation, asset(call));
    return { status: 204 };
  });
  api.route('POST', '/assets/{asset_id}/name', (call) => () => {
    const renamed = asset(call);
    renameAsset(emulation, renamed, call.body);
    return { status: 200, body: assetView(emulation, api.placeOf(call), renamed, false) };
  });
  api.route('POST', '/assetFiles/{filename}/name', (call) => () => {
    const renamed = assetNamed(emulation, api.placeOf(call), call.params.filename ?? '');
    renameAsset(emulation, renamed, call.body);
    return { status: 200, body: assetView(emulation, api.placeOf(call), renamed, false) };
  });
}

/** Deletion of many assets at once. Source: `datasets.bulk_delete_assets`. */
export function deletionRoutes(api: Api, emulation: Emulation): void {
  const path = '/deleteManyAssetsSessions';
  api.route('POST', path, (call) => () => {
    const place = api.placeOf(call);
    return { status: 200, body: deletionView(emulation, place, createDeletion(emulation, place, call.body)) };
  });
  api.route('GET', path, (call) => () => {
    const place = api.placeOf(call);
    const page = pageOf(call.query, {
      items: [...emulation.store.deletions.values()].filter(({ datasetId }) => datasetId === place.datasetId),
      positionOf: ({ createdAt }) => [createdAt, 0],
      descending: true,
      order: 'deletions',
    });
    return { status: 200, body: { ...page, items: page.items.map((one) => deletionView(emulation, place, one)) } };
  });
  api.route('GET', `${path}/{deletion_id}`, (call) => () => {
    const place = api.placeOf(call);
    const deletion = deletionOf(emulation, place, call.params.deletion_id ?? '');
    return { status: 200, body: deletionView(emulation, place, deletion) };
  });
}
