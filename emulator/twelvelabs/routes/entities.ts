import type { Emulation } from '../rules/emulation';
import * as entities from '../rules/entities';
import type { EntityRecord } from '../store/records';
import type { Api } from './api';

const COLLECTION = '/entity-collections/{entity_collection_id}';
const ENTITY = `${COLLECTION}/entities/{entity_id}`;

/** Source: `/entity-collections` and `/entity-collections/{id}/entities`: every operation of both. */
export function entityRoutes(api: Api, emulation: Emulation): void {
  const view = (entity: EntityRecord, status = 200) => ({ status, body: entities.entityView(emulation, entity) });
  const collectionId = (params: Record<string, string>): string => params.entity_collection_id ?? '';
  const entityOf = (params: Record<string, string>): EntityRecord =>
    entities.findEntity(emulation, collectionId(params), params.entity_id ?? '');

  api.route('POST', '/entity-collections', ({ body }) => () => ({
    status: 201,
    body: entities.collectionView(emulation, entities.createCollection(emulation, body)),
  }));
  api.route('GET', '/entity-collections', ({ query }) => () => ({
    status: 200,
    body: entities.listCollections(emulation, query),
  }));
  api.route('GET', COLLECTION, ({ params }) => () => ({
    status: 200,
    body: entities.collectionView(emulation, entities.findCollection(emulation, collectionId(params))),
  }));
  api.route('PATCH', COLLECTION, ({ params, body }) => () => ({
    status: 200,
    body: entities.collectionView(emulation, entities.updateCollection(emulation, collectionId(params), body)),
  }));
  api.route('DELETE', COLLECTION, ({ params }) => () => {
    entities.deleteCollection(emulation, collectionId(params));
    return api.done;
  });

  api.route(
    'POST',
    `${COLLECTION}/entities`,
    ({ params, body }) =>
      () =>
        view(entities.createEntity(emulation, collectionId(params), body), 201),
  );
  api.route('POST', `${COLLECTION}/entities/bulk`, ({ params, body }) => () => ({
    status: 201,
    body: entities.createEntities(emulation, collectionId(params), body),
  }));
  api.route('GET', `${COLLECTION}/entities`, ({ params, query }) => () => ({
    status: 200,
    body: entities.listEntities(emulation, collectionId(params), query),
  }));
  api.route(
    'GET',
    ENTITY,
    ({ params }) =>
      () =>
        view(entityOf(params)),
  );
  api.route(
    'PATCH',
    ENTITY,
    ({ params, body }) =>
      () =>
        view(entities.updateEntity(emulation, entityOf(params), body)),
  );
  api.route('DELETE', ENTITY, ({ params }) => () => {
    emulation.store.entities.delete(entityOf(params).id);
    return api.done;
  });
  api.route(
    'POST',
    `${ENTITY}/assets`,
    ({ params, body }) =>
      () =>
        view(entities.addAssets(emulation, entityOf(params), body)),
  );
  api.route(
    'DELETE',
    `${ENTITY}/assets`,
    ({ params, body }) =>
      () =>
        view(entities.removeAssets(emulation, entityOf(params), body)),
  );
}
