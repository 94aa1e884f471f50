import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { CONTROL_PREFIX, controlRoutes, parseControl } from '../../shared/control/control-routes';
import { ApiError } from '../../shared/server/api-error';
import type { Traffic } from '../../shared/traffic/traffic';
import { assetView } from '../rules/asset-views';
import { PROFILES, type Emulation } from '../rules/emulation';
import { entityView } from '../rules/entities';
import { entryView } from '../rules/indexes/entries';
import { failNow, stateOf } from '../rules/progress';
import { UploadSettingsSchema } from '../rules/uploads/settings';
import { failUpload, refuseEnded } from '../rules/uploads/status';
import { uploadState } from '../rules/uploads/views';
import type { AssetRecord } from '../store/records';

/** The control API of this emulator: what all emulators have, and the settings of uploads. */
export function twelvelabsControlRoutes(app: FastifyInstance, emulation: Emulation, traffic: Traffic): void {
  const { clock, store, settings, limits } = emulation;
  app.setErrorHandler((error, request, reply) => {
    const { status, code, message } = unreadable(error);
    const nested = request.url.startsWith('/v1.3/embed-v2');
    void reply.status(status).send(nested ? { error: { code, message } } : { code, message });
  });
  controlRoutes(app, {
    identity: { emulator: 'twelvelabs', version: 'v1.3' },
    traffic,
    clock,
    settings,
    state: () => stateView(emulation),
    changed: () => store.changed(),
    fail: (id, message) => fail(emulation, id, message),
    async forget() {
      store.clear();
      await emulation.parts.clear();
      limits.reset();
    },
  });
  app.get(`${CONTROL_PREFIX}/profile`, () => ({ profile: settings.profile }));
  app.post(`${CONTROL_PREFIX}/profile`, ({ body }) => {
    settings.profile = parseControl(ProfileSchema, body).profile;
    return { profile: settings.profile };
  });
  app.get(`${CONTROL_PREFIX}/uploads`, () => settings.uploads);
  app.post(`${CONTROL_PREFIX}/uploads`, ({ body }) => {
    settings.uploads = { ...settings.uploads, ...parseControl(UploadSettingsSchema, body) };
    return settings.uploads;
  });
}

const ProfileSchema = z.strictObject({ profile: z.enum(PROFILES) });

/** Errors from before a route was reached: a body that is too large or of a type that nothing reads. */
function unreadable(error: unknown): { status: number; code: string; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ApiError) return { status: error.status, code: error.code, message };
  const { statusCode = 500 } = error as { statusCode?: number };
  return { ...(READING_ERRORS[statusCode] ?? { status: 500, code: 'generic_error' }), message };
}

/** A media type is refused with 400, as nearly every client error of the provider is. */
const READING_ERRORS: Readonly<Record<number, { status: number; code: string }>> = {
  400: { status: 400, code: 'parameter_invalid' },
  413: { status: 413, code: 'request_too_large' },
  415: { status: 400, code: 'content_type_invalid' },
};

function stateView(emulation: Emulation) {
  const { store } = emulation;
  return {
    assets: [...store.assets.values()].map((asset) => ({
      ...assetView(emulation, asset),
      user_metadata: asset.userMetadata,
      sha256: asset.sha256,
      readyAtMs: isWaiting(emulation, asset) ? null : asset.progress.endsAt,
    })),
    embedTasks: [...store.embedTasks.values()].map(({ id, assetId }) => ({ _id: id, asset_id: assetId })),
    collections: [...store.collections.values()].map(({ id, name }) => ({ _id: id, name })),
    entities: [...store.entities.values()].map((entity) => entityView(emulation, entity)),
    indexes: [...store.indexes.values()].map(({ id, name }) => ({ _id: id, index_name: name })),
    indexedAssets: [...store.indexedAssets.values()].map((entry) => ({
      ...entryView(emulation, entry),
      index_id: entry.indexId,
      user_metadata: entry.userMetadata,
    })),
    uploads: [...store.uploads.values()].map((upload) => uploadState(emulation, upload)),
  };
}

/** Its bytes have not arrived, so the time of ready is not known. */
const isWaiting = ({ clock }: Emulation, { sha256, progress }: AssetRecord): boolean =>
  sha256 === undefined && stateOf(progress, clock.now()) === 'processing';

function fail(emulation: Emulation, id: string, message: string): void {
  const { store } = emulation;
  const session = store.uploads.get(id);
  if (session) refuseEnded(emulation, session);
  const upload = session ?? store.uploads.get(store.assets.get(id)?.uploadId ?? '');
  if (upload) failUpload(emulation, upload, message); // and its asset
  const record = store.assets.get(upload?.assetId ?? id) ?? store.embedTasks.get(id) ?? store.indexedAssets.get(id);
  if (!record) throw new ApiError(404, 'resource_not_exist', `nothing that can fail has the id ${id}`);
  failNow(emulation, record.progress, message);
  store.changed();
}
