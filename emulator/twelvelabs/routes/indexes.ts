import type { Emulation } from '../rules/emulation';
import * as entries from '../rules/indexes/entries';
import * as indexes from '../rules/indexes/indexes';
import type { Api } from './api';

const INDEX = '/indexes/{index_id}';
const ENTRY = `${INDEX}/indexed-assets/{indexed_asset_id}`;

/** Source: `/indexes` and `/indexes/{id}/indexed-assets`: every operation of both. */
export function indexRoutes(api: Api, emulation: Emulation): void {
  const indexId = (params: Record<string, string>): string => params.index_id ?? '';
  const entryOf = (params: Record<string, string>) =>
    entries.findEntry(emulation, indexId(params), params.indexed_asset_id ?? '');

  api.route('POST', '/indexes', ({ body }) => () => ({
    status: 201,
    body: { _id: indexes.createIndex(emulation, body).id },
  }));
  api.route('GET', '/indexes', ({ query }) => () => ({ status: 200, body: indexes.listIndexes(emulation, query) }));
  api.route('GET', INDEX, ({ params }) => () => ({
    status: 200,
    body: indexes.indexView(emulation, indexes.findIndex(emulation, indexId(params))),
  }));
  api.route('PUT', INDEX, ({ params, body }) => () => {
    indexes.renameIndex(emulation, indexId(params), body);
    return api.done;
  });
  api.route('DELETE', INDEX, ({ params }) => () => {
    indexes.deleteIndex(emulation, indexId(params));
    return api.done;
  });

  api.route(
    'POST',
    `${INDEX}/indexed-assets`,
    ({ params, body }) =>
      () => {
        const { id, assetId } = entries.createEntry(emulation, indexId(params), body);
        return { status: 202, body: { _id: id, asset_id: assetId } };
      },
    { category: 'index' },
  );
  api.route('GET', `${INDEX}/indexed-assets`, ({ params, query }) => () => ({
    status: 200,
    body: entries.listEntries(emulation, indexId(params), query),
  }));
  api.route('GET', ENTRY, ({ params, query }) => () => ({
    status: 200,
    body: entries.entryDetail(emulation, entryOf(params), query),
  }));
  api.route('PATCH', ENTRY, ({ params, body }) => () => {
    entries.changeEntryMetadata(emulation, entryOf(params), body);
    return api.done;
  });
  api.route('DELETE', ENTRY, ({ params }) => () => {
    emulation.store.indexedAssets.delete(entryOf(params).id);
    return api.done;
  });
}
