import type { Intake, Submission } from '../../intake';
import type { SignedUrls } from '../api/signed-urls';
import type { DatasetFields } from '../input';
import { TagSearch } from '../tag-search';
import type { Departures } from './departures';
import { formatOf } from './formats';
import { MultipartUploads } from './parts';
import { routeOf } from './route';
import type { SessionBudget } from './session-budget';
import type { SessionsApi } from './sessions-api';
import { submitItems } from './submit';

interface IntakeParts {
  sessions: SessionsApi;
  store: SignedUrls;
  budget: SessionBudget;
  departures: Departures;
  pageSize: number;
}

/** Submissions of one dataset: one ingestion session for many files. Source: `POST …/assetIngestionSessions`. */
export function createIntake({ sessions, store, budget, departures, pageSize }: IntakeParts): Intake {
  const parts = new MultipartUploads(sessions.dataset, sessions, store);
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

    parts,
  };
}
