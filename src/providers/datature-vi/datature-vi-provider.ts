import { failure } from '../../contracts/failures';
import type { Assets } from '../assets';
import type { Intake } from '../intake';
import type { MediaProvider, Traits } from '../media-provider';
import { DatatureViClient, type DatatureViAccess } from './api/client';
import { DatasetApi, MAX_PAGE_ASSETS } from './api/dataset-api';
import { SignedUrls } from './api/signed-urls';
import { DatasetAssets, SORT_CRITERIA } from './assets';
import { createIngestions } from './sessions/ingestions';
import { NAME } from './input';
import { Departures } from './intake/departures';
import { createIntake } from './intake/intake';
import { MultipartUploads } from './intake/parts';
import { routeOf } from './intake/route';
import { SessionBudget } from './intake/session-budget';
import { SessionsApi } from './intake/sessions-api';
import { TRAITS } from './api/traits';
import { Watch } from './watch';

export interface DatatureViAccount extends DatatureViAccess {
  sessionsPer5Minutes: number;
  /** Assets of a page where whole lists are read; default: as many as the API gives. */
  pageSize?: number;
}

const FIVE_MINUTES_MS = 5 * 60_000;

/** Source: `GET …/assets` (`s`: 1000). */
const traitsOf = (assetsPerPage: number): Traits => ({
  ...TRAITS,
  gatherMs: 500,
  assetOrders: SORT_CRITERIA,
  steadyOrder: 'assetId',
  assetQueries: ['filter', 'metadataQuery', 'contents'],
  assetsPerPage,
});

/** Datature Vi behind the provider port. Names and ids mean something within a dataset only. */
export function createDatatureViProvider(account: DatatureViAccount): MediaProvider {
  const { requestTimeoutMs, proxies, sessionsPer5Minutes, pageSize = MAX_PAGE_ASSETS } = account;
  const client = new DatatureViClient(account);
  const store = new SignedUrls(requestTimeoutMs, proxies);
  const budget = new SessionBudget({ sessions: sessionsPer5Minutes, windowMs: FIVE_MINUTES_MS });
  const departures = new Departures();
  const traits = traitsOf(pageSize);

  const datasets = new Map<string, { dataset: DatasetApi; sessions: SessionsApi; placed: MediaProvider }>();
  const placeOf = (id: string) => {
    const known = datasets.get(id);
    if (known) return known;
    const dataset = new DatasetApi(client, id);
    const sessions = new SessionsApi(dataset);
    const parts = new MultipartUploads(dataset, sessions, store);
    const assets = new DatasetAssets(dataset, { store, maxPageSize: pageSize });
    const place = {
      ...{ dataset, sessions },
      placed: {
        ...{ name: NAME, traits, branches: {}, assets },
        intake: createIntake({ sessions, store, budget, departures, parts, pageSize, assets }),
        watch: watchWithin(id),
        within,
        ingestions: createIngestions({ sessions, store, parts, pageSize }),
        close: async () => {},
      },
    };
    datasets.set(id, place);
    return place;
  };
  const { watch } = new Watch({ in: placeOf, departures, pageSize });
  const within = (id: string): MediaProvider => placeOf(id).placed;

  /** Handles that name no dataset are of this one. */
  function watchWithin(id: string): MediaProvider['watch'] {
    return async function* watchPlace(handles, options) {
      const own = new Map(handles.map((handle) => [handle.in === undefined ? { ...handle, in: id } : handle, handle]));
      for await (const heard of watch([...own.keys()], options)) {
        if ('error' in heard) yield { ...heard, handles: heard.handles.map((handle) => own.get(handle) ?? handle) };
        else yield { ...heard, handle: own.get(heard.handle) ?? heard.handle };
      }
    };
  }

  return {
    ...{ name: NAME, traits, branches: {}, intake: NO_INTAKE, assets: NO_ASSETS, watch, within },
    keepDeparturesIn: (notes) => departures.keepIn(notes),
    close: async () => {
      await Promise.all([client.close(), store.close()]);
    },
  };
}

const noDataset = (): never => {
  throw failure('InvalidRequest', 'datasetId: say in which dataset');
};
const rejects = async (): Promise<never> => noDataset();

/** Outside of a dataset there are no assets. */
const NO_ASSETS: Assets = { list: rejects, get: rejects, remove: rejects, annotate: rejects, referrers: rejects };
const NO_INTAKE: Intake = {
  route: routeOf,
  ...{ submit: rejects, find: rejects },
  parts: {
    ...{ urlsPerRequest: 1, partsPerReport: 1 },
    ...{ state: rejects, urls: rejects, report: rejects, incomplete: rejects, put: rejects },
  },
};
