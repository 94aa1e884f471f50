import { failure, failureType, type FailureType } from '../../../contracts/failures';
import type { Ingestion, Ingestions } from '../../ingestions';
import { outcomeOf } from '../../outcome';
import { sleep } from '../../shared/sleep';
import type { SessionAnswer, SessionFile } from '../api/schemas';
import { timeOf } from '../asset-of';
import { FAILURE_MODES, OVERWRITE_MODES } from '../input';
import { errorsIn, hasEnded } from '../intake/sessions-api';
import { Upload, type UploadParts } from './upload-files';

const DEFAULT_PAGE_SESSIONS = 10;
const FIRST_LOOK_AFTER_MS = 500;
const LOOK_EVERY_MS = 5000;
const DEFAULT_DEADLINE_MS = 3_600_000;

/** The dataset's ingestion sessions, for people. */
export function createIngestions(deps: UploadParts): Ingestions {
  const { sessions } = deps;
  const { dataset } = sessions;
  const get: Ingestions['get'] = async (id, { signal } = {}) => ingestionOf(dataset.id, await sessions.get(id, signal));
  return {
    failureModes: FAILURE_MODES,
    overwriteModes: OVERWRITE_MODES,

    async upload(files, options = {}) {
      const uploaded = await new Upload(files, options, deps).run();
      return { ...uploaded, sessions: uploaded.sessions.map((session) => ingestionOf(dataset.id, session)) };
    },

    async list({ pageSize = DEFAULT_PAGE_SESSIONS, from } = {}, { signal } = {}) {
      const { items, nextPage, prevPage } = await sessions.page({ s: String(pageSize), p: from }, signal);
      return {
        items: items.map((session) => ingestionOf(dataset.id, session)),
        next: nextPage === '' ? undefined : nextPage,
        ...(prevPage && { previous: prevPage }),
      };
    },

    get,

    async wait(id, { deadlineMs = DEFAULT_DEADLINE_MS, onLook, signal } = {}) {
      const until = Date.now() + deadlineMs;
      for (let pauseMs = FIRST_LOOK_AFTER_MS; ; pauseMs = Math.min(pauseMs * 2, LOOK_EVERY_MS)) {
        const looked = await outcomeOf(() => get(id, { signal }));
        if (looked.ok) onLook?.(looked.value);
        else if (!WORTH_ANOTHER_LOOK.has(failureType(looked.error))) throw looked.error;
        if (looked.ok && looked.value.state === 'ended') return looked.value;
        if (Date.now() >= until) throw looked.ok ? notEnded(looked.value) : looked.error;
        const waitMs = Math.max(pauseMs, looked.ok ? 0 : toldWaitMs(looked.error));
        await sleep(Math.min(waitMs, Math.max(until - Date.now(), 0)), signal);
        signal?.throwIfAborted();
      }
    },

    cancel: (id) => sessions.cancel(id),
  };
}

const WORTH_ANOTHER_LOOK: ReadonlySet<FailureType | undefined> = new Set(['ProviderUnavailable', 'RateLimited']);

const toldWaitMs = (error: unknown): number => Number((error as { nextRetryDelay?: unknown }).nextRetryDelay ?? 0) || 0;

function notEnded({ id, in: datasetId, progress: { total, succeeded, errored } }: Ingestion): Error {
  const has = `${succeeded} of ${total} files succeeded and ${errored} failed so far`;
  return failure('DeadlineExceeded', `Session ${id} of dataset ${datasetId} has not ended: ${has}`);
}

function ingestionOf(datasetId: string, session: SessionAnswer): Ingestion {
  const { assetIngestionSessionId: id, metadata, spec, status, ...details } = session;
  const files = status.assets?.map((asset) => asset.metadata) ?? spec.assets;
  return {
    ...{ id, in: datasetId, state: hasEnded(session) ? 'ended' : 'open' },
    createdAt: timeOf(metadata.timeCreated) ?? '',
    updatedAt: timeOf(metadata.lastUpdated),
    progress: status.progressCount,
    failed: Object.fromEntries(errorsIn(session)),
    conditions: status.conditions.map(({ lastTransitionTime, ...condition }) => ({
      ...condition,
      since: timeOf(lastTransitionTime),
    })),
    events: status.events.map(({ time, ...event }) => ({ ...event, at: timeOf(time) })),
    ...(files && { files: files.map(fileOf) }),
    ...{ failureMode: spec.failureMode, overwriteMode: spec.onAssetOverwritten },
    details: { ...details, metadata, spec: { kind: spec.kind } },
  };
}

const fileOf = ({ size: sizeBytes, customMetadata: metadata = {}, ...file }: SessionFile) => ({
  ...file,
  ...{ sizeBytes, metadata },
});
