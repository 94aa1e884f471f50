import type { Handle } from '../../../contracts/branches/handle';
import { TAG_FIELDS } from '../../../contracts/resource';
import type { Intake, Submission } from '../../intake';
import type { SignedUrls } from '../api/signed-urls';
import type { DatasetFields } from '../input';
import { TagSearch } from '../tag-search';
import type { Departures } from './departures';
import { formatOf } from './formats';
import type { MultipartUploads } from './parts';
import { routeOf } from './route';
import type { SessionBudget } from './session-budget';
import { handleOf } from './send-files';
import { errorsIn, filesIn, type SessionsApi } from './sessions-api';
import { submitItems } from './submit';

interface IntakeParts {
  sessions: SessionsApi;
  store: SignedUrls;
  budget: SessionBudget;
  departures: Departures;
  parts: MultipartUploads;
  pageSize: number;
}

/** Submissions of one dataset: one ingestion session for many files. Source: `POST …/assetIngestionSessions`. */
export function createIntake({ sessions, store, budget, departures, parts, pageSize }: IntakeParts): Intake {
  const search = new TagSearch(sessions.dataset, pageSize);
  let alone = 0;
  return {
    route: routeOf,

    submit: (items, options = {}) =>
      submitItems(items, options, { sessions, store, parts, budget, departures, pageSize }),

    takeTurn: () => budget.takeTurn(),

    /** Images share a session if they are overwritten alike; a video takes long, and has its own. */
    together({ filename, fields }: Submission): string {
      const { onAssetOverwritten = 'never' } = fields as DatasetFields;
      return formatOf(filename)?.kind === 'Image' ? onAssetOverwritten : `alone ${++alone}`;
    },

    find: (queries, { signal } = {}) => search.find(queries, signal),

    async abandon({ id, item = '' }) {
      await parts.abort(id, item);
      departures.leave(id, item);
      return (await departures.settle(sessions, id)) ? 'ended' : 'open';
    },

    async openFor({ runId, owner }, { signal } = {}) {
      const handles: Handle[] = [];
      for (const session of await sessions.open(signal)) {
        const { assetIngestionSessionId: sessionId } = session;
        const errors = errorsIn(session);
        for (const { filename, size: sizeBytes = 0, crc32c = null, customMetadata = {} } of filesIn(session)) {
          if (customMetadata[TAG_FIELDS.runId] !== runId || customMetadata[TAG_FIELDS.owner] !== owner) continue;
          if (errors.has(filename)) continue;
          handles.push(
            handleOf({ datasetId: sessions.dataset.id, sessionId }, { filename, facts: { sizeBytes, crc32c } }),
          );
        }
      }
      return handles;
    },

    parts,
  };
}
