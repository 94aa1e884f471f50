import { z } from 'zod';
import { ApiError } from '../../../shared/server/api-error';
import type { MultipartRecord, SessionFile, SessionRecord } from '../../store/records';
import { shown, type Emulation, type Place } from '../emulation';
import { existing, invalid, notFound, parse } from '../errors';
import { isAwaited } from '../ingestion/arrivals';
import { settle } from '../ingestion/settle';
import { etagOf, linkOf, sourceIds, SOURCE_PATH } from '../links';
import { signedUrl } from '../signed-urls';

const CreateSchema = z.object({
  spec: z.object({
    ingestionId: z.string().min(1),
    filename: z.string().min(1),
    contentType: z.string().nullish(),
    sizeBytes: z.number().int().min(1),
  }),
});

/** Begins to take a file of a session in parts. One that was begun for the file before is given up. */
export function createMultipart(emulation: Emulation, { datasetId }: Place, body: unknown): MultipartRecord {
  const { store, clock, settings } = emulation;
  const { ingestionId, filename, contentType, sizeBytes } = parse(CreateSchema, body).spec;
  const session = [...store.sessions.values()].find((one) => one.ingestionId === ingestionId);
  if (session?.datasetId !== datasetId) throw notFound('ingestion', ingestionId);
  settle(emulation, session);
  const fileIndex = session.files.findIndex((one) => one.filename === filename && isAwaited(session, one));
  const file = session.files[fileIndex];
  if (!file) throw new ApiError(409, 'Conflict', `The session does not wait for a file of the name ${filename}.`);
  if (file.arrival) throw new ApiError(409, 'Conflict', `The bytes of ${filename} are there already.`);
  if (sizeBytes !== file.size) throw invalid(`spec.sizeBytes: the session was told of ${file.size} bytes.`);
  if ((contentType ?? file.mime) !== file.mime)
    throw invalid(`spec.contentType: the session was told of ${file.mime}.`);
  const before = file.multipartId === undefined ? undefined : store.multiparts.get(file.multipartId);
  if (before) giveUp(emulation, before);
  const multipart: MultipartRecord = {
    id: store.newId(),
    sessionId: session.id,
    fileIndex,
    partCount: Math.ceil(sizeBytes / settings.vi.partBytes),
    createdAt: clock.now(),
    parts: {},
  };
  store.multiparts.set(multipart.id, multipart);
  file.multipartId = multipart.id;
  return multipart;
}

/** @throws ApiError 404 */
export function multipartOf({ store }: Emulation, { datasetId }: Place, id: string): MultipartRecord {
  const multipart = existing(store.multiparts, 'multipart upload', id);
  if (store.sessions.get(multipart.sessionId)?.datasetId === datasetId) return multipart;
  throw notFound('multipart upload', id);
}

export function fileOf(
  { store }: Emulation,
  { sessionId, fileIndex }: MultipartRecord,
): {
  session: SessionRecord;
  file: SessionFile;
} {
  const session = store.sessions.get(sessionId);
  const file = session?.files[fileIndex];
  if (!session || !file) throw notFound('ingestion session', sessionId);
  return { session, file };
}

/** @throws ApiError 409 when no part can come any more */
export function refuseEnded(emulation: Emulation, multipart: MultipartRecord): void {
  const { session, file } = fileOf(emulation, multipart);
  settle(emulation, session);
  const goesOn = multipart.abortedAt === undefined && multipart.completedAt === undefined && isAwaited(session, file);
  if (!goesOn) throw new ApiError(409, 'Conflict', `The multipart upload ${multipart.id} has ended.`);
}

/** @throws ApiError 400 */
export function partNumber({ partCount }: MultipartRecord, text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= partCount) return number;
  throw invalid(`The number of the part must be from 1 to ${partCount}.`);
}

/** Where a part is to be put. It may be asked for again. */
export function partView(emulation: Emulation, { host }: Place, multipart: MultipartRecord, number: number) {
  const { clock, settings } = emulation;
  const { file } = fileOf(emulation, multipart);
  const expiresAt = clock.now() + settings.vi.uploadUrlLifeMs;
  const path = [multipart.id, number, file.filename] as const;
  return {
    method: 'PUT',
    url: signedUrl(emulation, host, { method: 'PUT', area: 'parts', path, expiresAt }),
    expiry: shown(emulation, expiresAt),
    headers: {},
    responseHeaders: ['ETag'],
    responseBody: false,
  };
}

export function multipartView(emulation: Emulation, place: Place, multipart: MultipartRecord) {
  const { id, createdAt, completedAt, partCount } = multipart;
  const { session, file } = fileOf(emulation, multipart);
  const lastUpdated = shown(emulation, completedAt ?? createdAt);
  return {
    kind: 'MultipartUpload',
    ...sourceIds(place),
    multipartUploadId: id,
    selfLink: linkOf(place, `${SOURCE_PATH}/multipartUploads/${id}`),
    etag: etagOf(id, lastUpdated),
    metadata: { timeCreated: shown(emulation, createdAt), lastUpdated, generation: 1, attributes: {} },
    spec: {
      ingestionId: session.ingestionId,
      filename: file.filename,
      contentType: file.mime,
      sizeBytes: file.size,
    },
    status: {
      conditions: [
        {
          condition: 'Finished',
          status: completedAt === undefined ? 'Waiting' : 'Reached',
          lastTransitionTime: lastUpdated,
        },
      ],
      partCount,
    },
  };
}

/** Its parts are forgotten; the file waits for bytes as before. */
export function abortMultipart(emulation: Emulation, multipart: MultipartRecord): void {
  if (multipart.completedAt !== undefined) {
    throw new ApiError(409, 'Conflict', `The multipart upload ${multipart.id} was completed.`);
  }
  giveUp(emulation, multipart);
}

function giveUp({ clock, files }: Emulation, multipart: MultipartRecord): void {
  multipart.abortedAt ??= clock.now();
  multipart.parts = {};
  files.discard(multipart.id);
}
