import { ApiError } from '../../../shared/server/api-error';
import type { IngestionCode, SessionFile, SessionRecord } from '../../store/records';
import type { Emulation, Place } from '../emulation';
import { existing } from '../errors';
import { MOST_BYTES } from '../formats';
import { settle } from './settle';
import { wantedSession } from './spec';

/** @throws ApiError 400 for a wrong request, 429 past the limit of sessions */
export function createSession(emulation: Emulation, { datasetId }: Place, body: unknown): SessionRecord {
  const { store, clock, settings } = emulation;
  const { files, failureMode, keepsAnnotations } = wantedSession(emulation, body);
  spendSession(emulation);
  const createdAt = clock.now();
  const seen = new Set<string>();
  const session: SessionRecord = {
    id: store.newId(),
    ingestionId: store.newId(),
    datasetId,
    failureMode,
    keepsAnnotations,
    createdAt,
    files: files.map((file): SessionFile => {
      const code = problemOf(file, seen);
      const outcome = code ? { outcome: { at: createdAt, code } } : {};
      return { ...file, expiresAt: createdAt + settings.vi.uploadUrlLifeMs, ...outcome };
    }),
  };
  store.sessions.set(session.id, session);
  settle(emulation, session);
  return session;
}

/** What can be said of a file before its bytes come. */
function problemOf(
  { filename, kind, size }: Omit<SessionFile, 'expiresAt'>,
  seen: Set<string>,
): IngestionCode | undefined {
  if (seen.has(filename)) return 'EALREADY';
  seen.add(filename);
  return size === 0 || size > MOST_BYTES[kind] ? 'EBADSIZE' : undefined;
}

/** Sessions of every dataset count, since the limit is one of the organization. */
function spendSession({ store, clock, settings }: Emulation): void {
  const { sessionLimit } = settings.vi;
  if (!sessionLimit) return;
  const { most, windowMs } = sessionLimit;
  const inWindow = [...store.sessions.values()].filter(({ createdAt }) => createdAt > clock.now() - windowMs);
  if (inWindow.length < most) return;
  const first = inWindow[inWindow.length - most]?.createdAt ?? clock.now();
  const waitSec = Math.max(1, Math.ceil((first + windowMs - clock.now()) / 1000));
  const limit = `${most} ingestion sessions in ${windowMs / 1000} seconds`;
  throw new ApiError(429, 'RateLimited', `The limit of ${limit} is reached. Try again in ${waitSec} seconds.`, {
    'retry-after': String(waitSec),
  });
}

/** @throws ApiError 404 */
export function sessionOf({ store }: Emulation, { datasetId }: Place, id: string): SessionRecord {
  const session = existing(store.sessions, 'ingestion session', id);
  if (session.datasetId === datasetId) return session;
  throw new ApiError(404, 'NotFound', `The ingestion session ${id} does not exist.`);
}

/** Nothing more comes in. What has become an asset stays; a session that has ended stays as it is. */
export function cancelSession(emulation: Emulation, session: SessionRecord): void {
  endEarly(emulation, session, 'Cancelled', 'The session was cancelled.');
}

export function endEarly({ clock }: Emulation, session: SessionRecord, reason: string, message: string): void {
  session.ended ??= { at: clock.now(), reached: false, reason, message };
}
