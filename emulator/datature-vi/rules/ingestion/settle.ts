import type { Arrival, AssetRecord, IngestionCode, SessionFile, SessionRecord } from '../../store/records';
import { rowsUsed, ROWS_OF_ASSET } from '../assets/quota';
import type { Emulation } from '../emulation';

/** Does what has become due in all sessions: files become assets or fail, and sessions end. */
export function settleAll(emulation: Emulation): void {
  for (const session of emulation.store.sessions.values()) settle(emulation, session);
}

/** Everything happens at the time it was due, in that order, so that no timer is needed. */
export function settle(emulation: Emulation, session: SessionRecord): void {
  if (session.ended) return;
  const now = emulation.clock.now();
  const waiting = session.files
    .filter((file) => !file.outcome)
    .map((file) => ({ file, at: dueAt(emulation, file) }))
    .filter(({ at }) => at <= now)
    .toSorted((one, other) => one.at - other.at);
  if (endsOnError(emulation, session)) return;
  for (const { file, at } of waiting) {
    file.outcome = { at, ...outcomeOf(emulation, session, file, at) };
    if (endsOnError(emulation, session)) break;
  }
  if (waiting.length > 0) emulation.store.changed();
  if (!session.ended && session.files.every(({ outcome }) => outcome)) end(emulation, session);
}

/** `FailAfterOne`: no file that is not done yet becomes an asset. */
function endsOnError(emulation: Emulation, session: SessionRecord): boolean {
  if (session.failureMode !== 'FailAfterOne') return false;
  if (!session.files.some(({ outcome }) => outcome?.code)) return false;
  end(emulation, session);
  return true;
}

function end({ settings }: Emulation, session: SessionRecord): void {
  const times = session.files.flatMap(({ outcome }) => (outcome ? [outcome.at] : []));
  const failed = session.files.filter(({ outcome }) => outcome?.code).length;
  const reached = failed === 0 || settings.vi.finishedWithErrors === 'Reached';
  session.ended = {
    at: Math.max(session.createdAt, ...times),
    reached,
    ...(failed === 0 ? {} : { reason: 'FilesFailed', message: `${failed} of ${session.files.length} files failed.` }),
  };
}

function dueAt({ store, settings }: Emulation, { arrival, multipartId, expiresAt }: SessionFile): number {
  if (arrival) return arrival.readyAt;
  const multipart = multipartId === undefined ? undefined : store.multiparts.get(multipartId);
  if (!multipart || multipart.abortedAt !== undefined) return expiresAt;
  if (multipart.completedAt !== undefined) return Infinity; // it is looked at just now
  return multipart.createdAt + settings.vi.multipartLifeMs;
}

function outcomeOf(
  emulation: Emulation,
  session: SessionRecord,
  file: SessionFile,
  at: number,
): { code: IngestionCode } | { assetId: string } {
  const { arrival } = file;
  if (!arrival) return { code: 'ETIMEOUT' };
  const code = errorOf(emulation, session, file, arrival);
  if (code) emulation.files.discard(arrival.content.id);
  return code ? { code } : { assetId: becomeAsset(emulation, session, { file, arrival, at }).id };
}

function errorOf(
  emulation: Emulation,
  { datasetId }: SessionRecord,
  { filename }: SessionFile,
  { problem, picture }: Arrival,
): IngestionCode | undefined {
  const { fileErrors, settings, store } = emulation;
  const asked = fileErrors.find((error) => error.filename === filename);
  if (asked) {
    asked.times -= 1;
    if (asked.times === 0) fileErrors.splice(fileErrors.indexOf(asked), 1);
    return asked.code;
  }
  if (problem ?? !picture) return problem ?? 'ECORRUPT';
  const most = settings.vi.dataRows;
  const isNew = !store.assetNamed(datasetId, filename);
  return most !== null && isNew && rowsUsed(store) + ROWS_OF_ASSET > most ? 'ENOQUOTA' : undefined;
}

interface Ready {
  file: SessionFile;
  arrival: Arrival;
  at: number;
}

/** A name belongs to one asset of a dataset: contents that come under it again replace those before. */
function becomeAsset(emulation: Emulation, session: SessionRecord, { file, arrival, at }: Ready): AssetRecord {
  const { store, settings, files } = emulation;
  const { filename, kind, mime, customMetadata } = file;
  const before = store.assetNamed(session.datasetId, filename);
  if (before) files.discard(before.content.id);
  if (before && !settings.vi.overwriteKeepsId) store.assets.delete(before.id);
  const kept = before && settings.vi.overwriteKeepsId ? before.id : store.newId();
  const asset: AssetRecord = {
    id: kept,
    datasetId: session.datasetId,
    ...{ filename, kind, mime },
    content: arrival.content,
    picture: arrival.picture ?? { width: 0, height: 0, frames: 0 },
    customMetadata: customMetadata ?? {},
    annotations: before && session.keepsAnnotations ? before.annotations : { total: 0, withTag: {} },
    sessionId: session.id,
    sequence: store.nextSequence(),
    createdAt: before?.createdAt ?? at,
    updatedAt: at,
    contentsAt: at,
  };
  store.assets.set(asset.id, asset);
  return asset;
}
