import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { FaultSchema } from '../../shared/faults';
import { assetView } from '../rules/asset-views';
import type { Emulation } from '../rules/emulation';
import { entityView } from '../rules/entities';
import { ApiError, invalid, parse } from '../rules/errors';
import { entryView } from '../rules/indexes/entries';
import { failNow, stateOf } from '../rules/progress';
import { UploadSettingsSchema } from '../rules/uploads/settings';
import { failUpload, refuseEnded } from '../rules/uploads/status';
import { uploadState } from '../rules/uploads/views';
import type { AssetRecord } from '../store/records';
import { PaceSchema, type Traffic } from '../../shared/traffic';

const ClockSchema = z.strictObject({ advanceMs: z.number().min(0).default(0), skewMs: z.number().optional() });
const ProcessingSchema = z.strictObject({ baseMs: z.number().min(0), msPerMegabyte: z.number().min(0) });
const FailSchema = z.strictObject({ id: z.string(), message: z.string() });

/** Errors from before a route was reached: a body that is too large or of a type that nothing reads. */
function unreadable(error: unknown) {
  const message = error instanceof Error ? error.message : String(error);
  const statusCode = (error as { statusCode?: number }).statusCode ?? 500;
  const [status, code] = error instanceof ApiError ? [error.status, error.code] : (READING[statusCode] ?? OTHER);
  return { status, code, message, body: { code, message } };
}

/** A media type is refused with 400, as nearly every client error of the provider is. */
const READING: Record<number, [number, string]> = {
  400: [400, 'parameter_invalid'],
  413: [413, 'request_too_large'],
  415: [400, 'content_type_invalid'],
};
const OTHER: [number, string] = [500, 'generic_error'];

/** Its bytes have not arrived, so the time of ready is not known. */
const isWaiting = ({ clock }: Emulation, { sha256, progress }: AssetRecord): boolean =>
  sha256 === undefined && stateOf(progress, clock.now()) === 'processing';

/** For tests and people: what the emulator knows, and what it is to do wrong. Needs no API key. */
export function controlRoutes(app: FastifyInstance, emulation: Emulation, traffic: Traffic): void {
  const { faults, counters } = traffic;
  const { clock, store, settings, limits } = emulation;
  const time = () => ({ nowMs: clock.now(), advancedMs: clock.advancedMs, skewMs: clock.skewMs });
  app.setErrorHandler((error, request, reply) => {
    const words = unreadable(error);
    const nested = request.url.startsWith('/v1.3/embed-v2');
    void reply.status(words.status).send(nested ? { error: { code: words.code, message: words.message } } : words.body);
  });
  app.get('/_emulator/', () => ({ emulator: 'twelvelabs', version: 'v1.3', ...time() }));
  app.get('/_emulator/state', () => ({
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
  }));
  app.get('/_emulator/counters', () => counters.all());
  app.get('/_emulator/counters/parts', () => counters.parts());
  app.get('/_emulator/clock', time);
  app.post('/_emulator/clock', ({ body }) => {
    const { advanceMs, skewMs = clock.skewMs } = parse(ClockSchema, body);
    clock.skewMs = skewMs;
    clock.advance(advanceMs);
    store.changed();
    return time();
  });
  app.get('/_emulator/faults', () => faults.list());
  app.post('/_emulator/faults', ({ body }) => {
    const fault = parse(FaultSchema, body);
    if (!traffic.routes.has(fault.route)) throw invalid(`The emulator has no route ${JSON.stringify(fault.route)}.`);
    return { id: faults.add(fault) };
  });
  app.delete('/_emulator/faults', () => {
    faults.clear();
    return {};
  });
  app.delete('/_emulator/faults/:id', ({ params }) => ({
    removed: faults.remove(Number((params as { id: string }).id)),
  }));
  app.post('/_emulator/processing', ({ body }) => {
    settings.processing = parse(ProcessingSchema, body);
    return settings.processing;
  });
  app.post('/_emulator/pace', ({ body }) => {
    traffic.pace = parse(PaceSchema, body);
    return traffic.pace;
  });
  app.get('/_emulator/uploads', () => settings.uploads);
  app.post('/_emulator/uploads', ({ body }) => {
    settings.uploads = { ...settings.uploads, ...parse(UploadSettingsSchema, body) };
    return settings.uploads;
  });
  app.post('/_emulator/fail', ({ body }) => {
    const { id, message } = parse(FailSchema, body);
    const session = store.uploads.get(id);
    if (session) refuseEnded(emulation, session);
    const upload = session ?? store.uploads.get(store.assets.get(id)?.uploadId ?? '');
    if (upload) failUpload(emulation, upload, message); // and its asset
    const record = store.assets.get(upload?.assetId ?? id) ?? store.embedTasks.get(id) ?? store.indexedAssets.get(id);
    if (!record) throw new ApiError(404, 'resource_not_exist', `nothing that can fail has the id ${id}`);
    failNow(emulation, record.progress, message);
    store.changed();
    return {};
  });
  app.post('/_emulator/reset', async () => {
    store.clear();
    await emulation.parts.clear();
    faults.clear();
    counters.clear();
    limits.reset();
    return {};
  });
}
