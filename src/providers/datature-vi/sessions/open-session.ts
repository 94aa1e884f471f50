import { failureType } from '../../../contracts/failures';
import { sleep } from '../../shared/sleep';
import type { SessionAnswer } from '../api/schemas';
import type { FailureMode, OverwriteMode } from '../input';
import { filesIn, type FileToUpload, type SessionsApi } from '../intake/sessions-api';
import type { Outbound } from './check-files';

interface Opening {
  sessions: SessionsApi;
  signal?: AbortSignal;
}

/** Requests whose answer is lost, before the upload fails. */
const MAX_LOST = 3;
/** A create without an answer may still take effect. */
const SETTLES_WITHIN_MS = 2000;
/** Longest time that limits of sessions are waited for. */
const MAX_LIMITED_MS = 15 * 60_000;
/** How far the provider's clock may be from ours. */
const CLOCK_MARGIN_MS = 60_000;
/** Without a word about overwriting, annotations stay should another upload of the name come between look and write. */
const UNTOLD_MODE: OverwriteMode = 'KeepLinkedResource';

/**
 * Opens a session for these files. One whose answer was lost is cancelled before another is opened, and a limit of sessions
 * is waited for as told.
 */
export async function openSession(
  outbound: readonly Outbound[],
  { overwriteMode = UNTOLD_MODE, failureMode }: { overwriteMode?: OverwriteMode; failureMode: FailureMode },
  { sessions, signal }: Opening,
): Promise<SessionAnswer> {
  const files = outbound.map(fileOf);
  const startedAt = Date.now();
  for (let lost = 0; ;) {
    try {
      return await sessions.create(files, overwriteMode, failureMode);
    } catch (error) {
      const type = failureType(error);
      const waitMs = Number((error as { nextRetryDelay?: unknown }).nextRetryDelay) || 0;
      if (type === 'RateLimited') {
        if (Date.now() + waitMs > startedAt + MAX_LIMITED_MS) throw error;
      } else {
        if ((type !== 'OutcomeUnknown' && type !== 'ProviderUnavailable') || ++lost >= MAX_LOST) throw error;
      }
      await sleep(Math.max(waitMs, SETTLES_WITHIN_MS), signal);
      signal?.throwIfAborted();
      if (type === 'OutcomeUnknown') await cancelLost(files, startedAt, { sessions, signal });
    }
  }
}

/** Only a session that is as old as this upload at most, and that has exactly these files, can be ours. */
async function cancelLost(
  files: readonly FileToUpload[],
  startedAt: number,
  { sessions, signal }: Opening,
): Promise<void> {
  const own = textOf(files);
  for (const session of await sessions.open(signal)) {
    const { assetIngestionSessionId: id, metadata } = session;
    const isOld = metadata.timeCreated < startedAt - CLOCK_MARGIN_MS;
    if (!isOld && textOf(filesIn(session)) === own) await sessions.cancel(id);
  }
}

const textOf = (files: readonly { filename: string; size?: number; crc32c?: number | null }[]): string =>
  JSON.stringify(files.map(({ filename, size, crc32c = null }) => [filename, size, crc32c].join(' ')).toSorted());

const fileOf = ({ file: { filename, metadata = {} }, format, facts }: Outbound): FileToUpload => ({
  ...{ filename, mime: format.mime, kind: format.kind },
  ...{ size: facts.sizeBytes, crc32c: facts.crc32c, customMetadata: { ...metadata } },
});
