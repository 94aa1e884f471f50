import type { Intake, Submission } from '../../intake';
import { shareCalls } from '../../shared/share-calls';
import type { SignedUrls } from '../api/signed-urls';
import type { DatasetFields } from '../input';
import { TagSearch } from '../tag-search';
import type { Departures } from './departures';
import type { MultipartUploads } from './parts';
import { goesAlone, routeOf } from './route';
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

/** Those who give up their items, or look for them, at the same moment share the requests. */
const SHARED = { windowMs: 50, maxMs: 1000 } as const;

/** Submissions of one dataset: one ingestion session for many files. Source: `POST …/assetIngestionSessions`. */
export function createIntake({ sessions, store, budget, departures, parts, pageSize }: IntakeParts): Intake {
  const search = new TagSearch(sessions.dataset, pageSize);
  let alone = 0;
  const settle = shareCalls((sessionId) => departures.settle(sessions, sessionId), SHARED);
  const openSessions = shareCalls(() => sessions.open(), SHARED);
  return {
    route: routeOf,

    submit: (items, options = {}) =>
      submitItems(items, options, { sessions, store, parts, budget, departures, pageSize }),

    takeTurn: () => budget.takeTurn(),

    /** Those that share a session have to be overwritten alike. */
    together({ filename, fields }: Submission): string {
      const { onAssetOverwritten = 'never' } = fields as DatasetFields;
      return goesAlone({ filename }) ? `alone ${++alone}` : onAssetOverwritten;
    },

    find: (queries, { signal } = {}) => search.find(queries, signal),

    async abandon({ id, item = '' }) {
      await parts.abort(id, item);
      departures.leave(id, item);
      return (await settle(id)) ? 'ended' : 'open';
    },

    async openFor({ runId, owner }) {
      const open = openItems(await openSessions(''), { owner, datasetId: sessions.dataset.id });
      return open.flatMap(({ items }) => items.filter(({ tag }) => tag.runId === runId)).map(({ pending }) => pending);
    },

    openOf: async (owner, { signal } = {}) =>
      openItems(await sessions.open(signal), { owner, datasetId: sessions.dataset.id }),

    parts,
  };
}
