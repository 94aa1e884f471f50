import type { AssetPage, Assets } from '../../assets';
import type { Intake, Submission } from '../../intake';
import { unlessGone } from '../../outcome';
import { shareCalls } from '../../shared/share-calls';
import { TagSearch } from '../../shared/tag-search/tag-search';
import type { SignedUrls } from '../api/signed-urls';
import type { DatasetFields } from '../input';
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
  assets: Pick<Assets, 'list'>;
}

/** Those who give up their items, or look for them, at the same moment share the requests. */
const SHARED = { windowMs: 50, maxMs: 1000 } as const;

const NOTHING_IN_A_DATASET_THAT_IS_GONE: AssetPage = { items: [], next: undefined };

/** Submissions of one dataset: one ingestion session for many files. Source: `POST …/assetIngestionSessions`. */
export function createIntake({ sessions, store, budget, departures, parts, pageSize, assets }: IntakeParts): Intake {
  const list: Assets['list'] = async (query, options) =>
    (await unlessGone(assets.list(query, options))) ?? NOTHING_IN_A_DATASET_THAT_IS_GONE;
  const search = new TagSearch({ assets: { list }, traits: { assetsPerPage: pageSize }, narrows: false });
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

    find: (queries, options) => search.find(queries, options),

    async abandon({ id, item = '' }) {
      const isCutOff = await parts.abort(id, item);
      departures.leave(id, item, !isCutOff);
      return (await settle(id)) ? 'ended' : 'open';
    },

    async openFor({ key, runId, owner }) {
      const open = openItems(await openSessions(''), { owner, datasetId: sessions.dataset.id });
      const items = open.flatMap((session) => session.items);
      const own = items.filter(({ tag }) => tag.runId === runId && tag.key === key); // a group's run has many keys
      return own.map(({ pending }) => pending);
    },

    openOf: async (owner, { signal } = {}) =>
      openItems(await sessions.open(signal), { owner, datasetId: sessions.dataset.id }),

    parts,
  };
}
