import type { SessionFile, SessionRecord } from '../../store/records';
import { shown, type Emulation, type Place } from '../emulation';
import { etagOf, linkOf, sourceIds, SOURCE_PATH } from '../links';
import { signedUrl } from '../signed-urls';

/** @param told whether its files and their URLs are told as well */
export function sessionView(emulation: Emulation, place: Place, session: SessionRecord, told: { files: boolean }) {
  const { id, ingestionId, failureMode, keepsAnnotations, createdAt, files, ended } = session;
  const done = files.flatMap(({ outcome }) => (outcome ? [outcome] : []));
  const lastUpdated = Math.max(createdAt, ended?.at ?? 0, ...done.map(({ at }) => at));
  const generation = 1 + done.length + (ended ? 1 : 0);
  const failed = done.filter(({ code }) => code).length;
  return {
    kind: 'AssetIngestionSession',
    ...sourceIds(place),
    assetIngestionSessionId: id,
    ingestionId,
    selfLink: linkOf(place, `${SOURCE_PATH}/assetIngestionSessions/${id}`),
    etag: etagOf(id, generation),
    metadata: {
      timeCreated: shown(emulation, createdAt),
      lastUpdated: shown(emulation, lastUpdated),
      generation,
      attributes: {},
    },
    spec: {
      kind: 'Upload',
      failureMode,
      onAssetOverwritten: keepsAnnotations ? 'KeepLinkedResources' : 'RemoveLinkedResource',
      ...(told.files ? { assets: files.map(fileView) } : {}),
    },
    status: {
      conditions: conditionsOf(emulation, session),
      events: eventsOf(emulation, session),
      progressCount: { total: files.length, succeeded: done.length - failed, errored: failed },
      ...(told.files ? { assets: files.map((file, at) => uploadView(emulation, place, { session, file, at })) } : {}),
    },
  };
}

const fileView = ({ filename, kind, mime, size, crc32c, customMetadata }: SessionFile) => ({
  ...{ kind, filename, mime, size, crc32c, customMetadata },
});

interface PlacedFile {
  session: SessionRecord;
  file: SessionFile;
  at: number;
}

function uploadView(emulation: Emulation, { host }: Place, { session, file, at }: PlacedFile) {
  const { filename, expiresAt } = file;
  const url = signedUrl(emulation, host, {
    method: 'PUT',
    area: 'uploads',
    path: [session.id, at, filename],
    expiresAt,
  });
  return {
    metadata: fileView(file),
    upload: { method: 'PUT', url, expiry: shown(emulation, expiresAt), headers: uploadHeaders(file) },
  };
}

/** Headers that the PUT of a file must bring, exactly. */
export function uploadHeaders({ mime, crc32c }: SessionFile): Record<string, string> {
  const checksum = Buffer.alloc(4);
  checksum.writeInt32BE(crc32c ?? 0);
  return {
    'Content-Type': mime,
    ...(crc32c === null ? {} : { 'x-goog-hash': `crc32c=${checksum.toString('base64')}` }),
  };
}

/** The newest first. */
function conditionsOf(emulation: Emulation, { createdAt, ended }: SessionRecord) {
  const started = { condition: 'Started', status: 'Reached', lastTransitionTime: shown(emulation, createdAt) };
  const { at = createdAt, reached = false, reason, message } = ended ?? {};
  const finished = {
    condition: 'Finished',
    status: ended ? (reached ? 'Reached' : 'FailedReach') : 'Waiting',
    lastTransitionTime: shown(emulation, at),
    ...(reason === undefined ? {} : { reason, message }),
  };
  return [finished, started];
}

function eventsOf(emulation: Emulation, { files }: SessionRecord) {
  const failed = files.flatMap(({ filename, outcome }) =>
    outcome?.code
      ? [{ kind: 'Error', files: { [filename]: outcome.code }, corrections: {}, time: shown(emulation, outcome.at) }]
      : [],
  );
  const received = files.filter(({ arrival }) => arrival).length;
  const done = files.filter(({ outcome }) => outcome).length;
  if (files.length === 0) return failed;
  const progress = { kind: 'Progress', tasks: { upload: { received }, ingestion: { done, total: files.length } } };
  return [progress, ...failed];
}
