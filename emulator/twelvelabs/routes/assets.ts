import type { MultipartFile } from '@fastify/multipart';
import { listAssets, assetView, createdView } from '../rules/asset-views';
import {
  changeMetadata,
  createAsset,
  deleteAsset,
  entitiesOf,
  findAsset,
  referencesOf,
  type AssetForm,
} from '../rules/assets';
import type { Emulation } from '../rules/emulation';
import { entityView } from '../rules/entities';
import { ApiError } from '../../shared/server/api-error';
import { LIMITS } from '../rules/media/limits';
import { one, pageOf } from '../rules/paging';
import { merged, metadataObject, replaced } from '../rules/user-metadata';
import type { ApiCall } from '../../shared/server/routed-api';
import type { Api } from './api';

/**
 * Source: `/assets`: `create`, `list`, `retrieve`, `delete`, `update-user-metadata`, `replace-user-metadata`,
 * `delete-user-metadata`; `list-by-asset` of indexed assets and of entities.
 */
export function assetRoutes(api: Api, emulation: Emulation): void {
  api.route(
    'POST',
    '/assets',
    async (call) => {
      const form = await readForm(emulation, call);
      return () => ({ status: 201, body: createdView(emulation, createAsset(emulation, form)) });
    },
    { category: 'upload' },
  );
  api.route('GET', '/assets', ({ query }) => () => ({ status: 200, body: listAssets(emulation, query) }));
  api.route('GET', '/assets/{asset_id}', ({ params }) => () => ({
    status: 200,
    body: assetView(emulation, findAsset(emulation, idOf(params))),
  }));
  api.route('DELETE', '/assets/{asset_id}', ({ params, query }) => () => {
    deleteAsset(emulation, idOf(params), one(query, 'force') === 'true');
    return api.done;
  });
  const metadata = (method: 'PATCH' | 'PUT', change: typeof merged): void =>
    api.route(method, '/assets/{asset_id}/user-metadata', ({ params, body }) => () => {
      const changes = metadataObject((body as { user_metadata?: unknown } | undefined)?.user_metadata);
      changeMetadata(emulation, idOf(params), (before) => change(before, changes));
      return api.done;
    });
  metadata('PATCH', merged);
  metadata('PUT', (_before, changes) => replaced(changes));
  api.route('DELETE', '/assets/{asset_id}/user-metadata', ({ params }) => () => {
    changeMetadata(emulation, idOf(params), () => ({}));
    return api.done;
  });
  api.route('GET', '/assets/{asset_id}/indexed-assets', ({ params, query }) => () => ({
    status: 200,
    body: pageOf(referencesOf(emulation, findAsset(emulation, idOf(params)).id), query, ({ id, indexId }) => ({
      _id: id,
      index: { _id: indexId, name: emulation.store.indexes.get(indexId)?.name },
    })),
  }));
  api.route('GET', '/assets/{asset_id}/entities', ({ params, query }) => () => ({
    status: 200,
    body: pageOf(entitiesOf(emulation, findAsset(emulation, idOf(params)).id), query, (entity) =>
      entityView(emulation, entity),
    ),
  }));
}

const idOf = (params: Record<string, string>): string => params.asset_id ?? '';

/** Takes the file in as it streams: clients send it before the other fields. */
async function readForm({ library }: Emulation, call: ApiCall): Promise<AssetForm> {
  const { raw } = call;
  if (!raw.isMultipart()) {
    throw new ApiError(400, 'content_type_invalid', 'The content type must be multipart/form-data.');
  }
  const form: AssetForm = { fields: {} };
  call.form = form.fields;
  for await (const part of raw.parts({ limits: { fileSize: Number.POSITIVE_INFINITY } })) {
    if (part.type === 'field') form.fields[part.fieldname] = String(part.value);
    else form.file = await readFile(library, part);
  }
  return form;
}

async function readFile(library: Emulation['library'], part: MultipartFile) {
  return { filename: part.filename, media: await library.receive(part.file, { limitBytes: LIMITS.directBytes }) };
}
