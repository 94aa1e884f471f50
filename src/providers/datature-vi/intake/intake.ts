import type { Intake, Submission } from '../../intake';
import type { SignedUrls } from '../api/signed-urls';
import type { DatasetFields } from '../input';
import { TagSearch } from '../tag-search';
import type { Departures } from './departures';
import { formatOf } from './formats';
import type { MultipartUploads } from './parts';
import { routeOf } from './route';
import type { SessionBudget } from './session-budget';
import { openItems } from './earlier-sessions';
import type { SessionsApi } from './sessions-api';
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
      const open = openItems(await sessions.open(signal), { owner, datasetId: sessions.dataset.id });
      return open.flatMap(({ items }) => items.filter(({ tag }) => tag.runId === runId)).map(({ pending }) => pending);
    },

    openOf: async (owner, { signal } = {}) =>
      openItems(await sessions.open(signal), { owner, datasetId: sessions.dataset.id }),

    parts,
  };
}
