import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { CONTROL_PREFIX, controlRoutes, parseControl } from '../../shared/control/control-routes';
import { ApiError } from '../../shared/server/api-error';
import type { Traffic } from '../../shared/traffic/traffic';
import { addDataset } from '../rules/assets/datasets';
import { settleDeletions } from '../rules/assets/deletions';
import type { Emulation } from '../rules/emulation';
import { existing } from '../rules/errors';
import { endEarly } from '../rules/ingestion/sessions';
import { settleAll } from '../rules/ingestion/settle';
import { FileErrorSchema, SettingsChangeSchema } from '../rules/settings';
import type { SessionRecord } from '../store/records';

const DatasetSchema = z.strictObject({ datasetId: z.string() });
const AnnotationsSchema = z.strictObject({
  assetId: z.string(),
  withTag: z.record(z.string(), z.number().int().min(0)),
});

/** The control API of this emulator: what all emulators have, and settings, datasets, annotations and errors of files. */
export function datatureViControlRoutes(app: FastifyInstance, emulation: Emulation, traffic: Traffic): void {
  const { clock, store, settings, fileErrors } = emulation;
  app.setErrorHandler((error, _request, reply) => {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof ApiError) return reply.status(error.status).send({ error: error.code, message });
    const { statusCode = 500 } = error as { statusCode?: number };
    return reply.status(statusCode).send({ error: statusCode < 500 ? 'InvalidRequest' : 'Internal', message });
  });
  controlRoutes(app, {
    identity: { emulator: 'datature-vi', sdk: '0.1.0b7' },
    traffic,
    clock,
    settings,
    state: () => stateView(emulation),
    changed: () => store.changed(),
    fail(id, message) {
      const session = existing(store.sessions, 'ingestion session', id);
      if (session.ended) throw new ApiError(409, 'Conflict', `The ingestion session ${id} has ended.`);
      endEarly(emulation, session, 'Failed', message);
      store.changed();
    },
    async forget() {
      store.clear();
      fileErrors.splice(0);
      await emulation.files.clear();
    },
  });
  app.get(`${CONTROL_PREFIX}/settings`, () => settings.vi);
  app.post(`${CONTROL_PREFIX}/settings`, ({ body }) => {
    settings.vi = { ...settings.vi, ...given(body, parseControl(SettingsChangeSchema, body)) };
    return settings.vi;
  });
  app.post(`${CONTROL_PREFIX}/datasets`, ({ body }) =>
    addDataset(emulation, parseControl(DatasetSchema, body).datasetId),
  );
  app.post(`${CONTROL_PREFIX}/annotations`, ({ body }) => {
    const { assetId, withTag } = parseControl(AnnotationsSchema, body);
    const asset = existing(store.assets, 'asset', assetId);
    asset.annotations = { withTag, total: Object.values(withTag).reduce((sum, count) => sum + count, 0) };
    store.changed();
    return asset.annotations;
  });
  app.post(`${CONTROL_PREFIX}/file-errors`, ({ body }) => {
    fileErrors.push(parseControl(FileErrorSchema, body));
    return { waiting: fileErrors.length };
  });
}

/** A partial schema still fills in defaults. */
function given<T extends object>(body: unknown, parsed: T): Partial<T> {
  const names = Object.keys(body as object);
  return Object.fromEntries(Object.entries(parsed).filter(([name]) => names.includes(name))) as Partial<T>;
}

function stateView(emulation: Emulation) {
  settleAll(emulation);
  settleDeletions(emulation);
  const { store } = emulation;
  return {
    datasets: [...store.datasets.keys()],
    assets: [...store.assets.values()].map(({ id, content, ...asset }) => ({
      assetId: id,
      datasetId: asset.datasetId,
      filename: asset.filename,
      sizeBytes: content.sizeBytes,
      sha256: content.sha256,
      annotations: asset.annotations.total,
      customMetadata: asset.customMetadata,
      sessionId: asset.sessionId,
    })),
    sessions: [...store.sessions.values()].map(sessionState),
    multipartUploads: [...store.multiparts.values()].map(({ id, sessionId, partCount, parts, ...ends }) => ({
      multipartUploadId: id,
      sessionId,
      partCount,
      received: Object.keys(parts).length,
      completed: ends.completedAt !== undefined,
      aborted: ends.abortedAt !== undefined,
    })),
  };
}

const sessionState = ({ id, datasetId, createdAt, ended, files }: SessionRecord) => ({
  sessionId: id,
  datasetId,
  createdAtMs: createdAt,
  ended: ended ? (ended.reached ? 'Reached' : 'FailedReach') : null,
  reason: ended?.reason ?? null,
  files: files.map(({ filename, arrival, outcome }) => ({
    filename,
    arrived: arrival !== undefined,
    code: outcome?.code ?? null,
    assetId: outcome?.assetId ?? null,
  })),
});
