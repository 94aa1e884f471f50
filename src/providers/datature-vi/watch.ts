import { failure, failureType } from '../../contracts/failures';
import type { Handle } from '../../contracts/branches/handle';
import { retryBriefly } from '../shared/parts/retry-briefly';
import type { MediaProvider, Observation, ObservationTrouble, WatchOptions } from '../media-provider';
import { AssetSchema, type AssetAnswer, type SessionAnswer } from './api/schemas';
import { NEWEST_FIRST, type DatasetApi } from './api/dataset-api';
import { assetOf, lastChangeOf, statusOf } from './asset-of';
import { isContent, readContent } from './intake/content-facts';
import type { Departures } from './intake/departures';
import { meaningOf } from './intake/ingestion-codes';
import { INGESTION } from './intake/send-files';
import { errorsIn, hasEnded, hasToldOfAll, wordsOfEnd, type SessionsApi } from './intake/sessions-api';

type Heard = Observation | ObservationTrouble;

/** What watching needs of a dataset. */
export interface WatchedDataset {
  dataset: DatasetApi;
  sessions: SessionsApi;
}

interface WatchParts {
  in: (datasetId: string) => WatchedDataset;
  departures: Departures;
  pageSize: number;
}

/** Assumed largest difference between the clocks that write the times of sessions and of assets. */
const CLOCK_SKEW_MS = 5 * 60_000;
/** An asset may be listed a little after its session has ended. */
const LISTED_WITHIN_MS = 60_000;
/** Most assets that are read one by one before a page of the list is read first. */
const MAX_SINGLE_READS = 1;

/** Session and the files of it that are waited for. */
interface Awaited {
  handles: Handle[];
  /** Absent if the provider does not know it any more. */
  session?: SessionAnswer;
}

/**
 * Asks for many handles in few requests: one for each session, and one walk over a dataset's list, from the newest on, for
 * all files that are waited for in it. A file's asset is found by its name, and confirmed by its content.
 */
export class Watch {
  /** When a session was first seen ended without the asset of a file, by handle. */
  private readonly missingSince = new Map<string, number>();

  constructor(private readonly deps: WatchParts) {}

  watch: MediaProvider['watch'] = (handles, options) => this.watchAll(handles, options);

  private async *watchAll(handles: readonly Handle[], options: WatchOptions): AsyncGenerator<Heard> {
    const datasets = new Map<string, Handle[]>();
    for (const handle of handles) {
      const { kind, in: dataset } = handle;
      if ((kind !== 'asset' && kind !== INGESTION) || dataset === undefined) {
        yield { handles: [handle], error: unknownKind(handle) };
      } else {
        datasets.set(dataset, [...(datasets.get(dataset) ?? []), handle]);
      }
    }
    for (const [id, some] of datasets) {
      const isIngestion = ({ kind }: Handle): boolean => kind === INGESTION;
      const place = this.deps.in(id);
      yield* this.watchAssets(
        place,
        some.filter((handle) => !isIngestion(handle)),
        options,
      );
      yield* this.watchFiles(place, some.filter(isIngestion), options);
    }
  }

  private async *watchAssets(
    { dataset }: WatchedDataset,
    handles: readonly Handle[],
    { pace, signal }: WatchOptions,
  ): AsyncGenerator<Heard> {
    const newest = new Map<string, AssetAnswer>();
    if (handles.length > MAX_SINGLE_READS) {
      const { pageSize } = this.deps;
      try {
        for await (const assets of dataset.assetPages({ query: NEWEST_FIRST, pageSize, pace, signal })) {
          for (const asset of assets) newest.set(asset.assetId, asset);
          break; // older ones are read by themselves
        }
      } catch (error) {
        if (failureType(error) !== 'ResourceGone') return yield { handles, error };
      }
    }
    for (const handle of handles) {
      const known = newest.get(handle.id);
      yield known ? ofAsset(handle, known) : await this.single({ dataset }, handle, { pace, signal });
    }
  }

  private async single(
    { dataset }: Pick<WatchedDataset, 'dataset'>,
    handle: Handle,
    { pace, signal }: WatchOptions,
  ): Promise<Heard> {
    try {
      await pace();
      const { id } = handle;
      const path = `/assets/${encodeURIComponent(id)}`;
      const request = { method: 'GET', route: '/assets/{id}', path, about: `asset ${id}`, signal } as const;
      return ofAsset(handle, await dataset.call(request, AssetSchema));
    } catch (error) {
      return failureType(error) === 'ResourceGone' ? { handle, state: 'gone' } : { handles: [handle], error };
    }
  }

  private async *watchFiles(
    place: WatchedDataset,
    handles: readonly Handle[],
    options: WatchOptions,
  ): AsyncGenerator<Heard> {
    const awaited = new Map<string, Awaited>();
    for (const handle of handles) {
      const known = awaited.get(handle.id);
      if (known) known.handles.push(handle);
      else awaited.set(handle.id, { handles: [handle] });
    }
    for (const [id, one] of awaited) {
      try {
        await options.pace();
        one.session = await place.sessions.get(id, options.signal);
      } catch (error) {
        if (failureType(error) === 'ResourceGone') continue; // its assets may be listed all the same
        awaited.delete(id);
        yield { handles: one.handles, error };
      }
    }
    if (awaited.size === 0) return;
    let listed: Map<string, AssetAnswer>;
    try {
      listed = await this.listedFor([...awaited.values()], place.dataset, options);
    } catch (error) {
      yield { handles: [...awaited.values()].flatMap((one) => one.handles), error };
      return;
    }
    for (const [id, { handles: some, session }] of awaited) {
      const awaited: string[] = [];
      for (const handle of some) {
        const heard = this.ofFile(handle, session, listed.get(handle.item ?? ''));
        if (heard.state === 'working') awaited.push(handle.item ?? '');
        if (heard.state === 'ready') this.deps.departures.hasCome(id, handle.item ?? '');
        yield heard;
      }
      if (!session || hasEnded(session)) this.deps.departures.hasEnded(id);
      // a file that was decided may have been the last that came, of a session that others have left
      const isNews = awaited.length < some.length && session !== undefined && !hasEnded(session);
      if (session && (this.deps.departures.has(id) || isNews)) {
        const settle = () => this.deps.departures.settle(place.sessions, id, { known: session, awaited });
        // without a file that is awaited there is no further round, and nobody who could abort this one
        await (awaited.length > 0 ? settle() : retryBriefly(settle)).catch(() => {});
      }
    }
  }

  /** One walk for all files, back to the oldest of their sessions. */
  private async listedFor(
    awaited: readonly Awaited[],
    dataset: DatasetApi,
    { pace, signal }: WatchOptions,
  ): Promise<Map<string, AssetAnswer>> {
    const names = new Set(awaited.flatMap(({ handles }) => handles.map(({ item = '' }) => item)));
    const since = Math.min(...awaited.map(({ session }) => session?.metadata.timeCreated ?? 0)) - CLOCK_SKEW_MS;
    const found = new Map<string, AssetAnswer>();
    const { pageSize } = this.deps;
    for await (const assets of dataset.assetPages({ query: NEWEST_FIRST, pageSize, pace, signal })) {
      for (const asset of assets) if (names.has(asset.filename)) found.set(asset.filename, asset);
      const last = assets.at(-1);
      if (found.size === names.size || (last && (lastChangeOf(last) ?? since) < since)) break;
    }
    return found;
  }

  private ofFile(handle: Handle, session: SessionAnswer | undefined, listed: AssetAnswer | undefined): Observation {
    const facts = readContent(handle.content);
    const isThis = listed && facts ? isContent(facts, listed.metadata) : undefined;
    const isNew = listed !== undefined && isSince(listed, session);
    const code = session && errorsIn(session).get(handle.item ?? '');
    // what cannot be compared may be what had the name before, until the session has told of all its files, and not against this one
    const isMade = isThis ?? (code === undefined && session !== undefined && hasToldOfAll(session));
    if (listed && isNew && isMade && statusOf(listed) !== 'processing') {
      this.missingSince.delete(keyOf(handle));
      return ofAsset(handle, listed);
    }
    if (code !== undefined) {
      const { type, submissions, words } = meaningOf(code);
      return { handle, state: 'failed', type, submissions, message: `${code}: ${words}` };
    }
    if (session && !hasEnded(session)) return { handle, state: 'working' };
    if (!this.isOverdue(handle)) return { handle, state: 'working' };
    if (!session) return { handle, state: 'gone', message: 'its session is not known any more' };
    if (listed && isNew && isThis === false) {
      const message = `asset ${listed.assetId} of that name has other content: another upload has overwritten it`;
      return { handle, state: 'failed', type: 'AssetExists', message };
    }
    const why = wordsOfEnd(session);
    const message = `its session ended without it${why ? `: ${why}` : ''}`;
    return { handle, state: 'failed', type: 'UploadExpired', submissions: 2, message };
  }

  /** Whether the asset has been missing for so long after the end of its session that it will not come. */
  private isOverdue(handle: Handle): boolean {
    const key = keyOf(handle);
    const since = this.missingSince.get(key) ?? Date.now();
    this.missingSince.set(key, since);
    if (Date.now() - since < LISTED_WITHIN_MS) return false;
    this.missingSince.delete(key);
    return true;
  }
}

const keyOf = ({ in: dataset, id, item }: Handle): string => [dataset, id, item].join('/');

/** Whether the asset's content may have come by the session: an older one of that name waits to be overwritten. */
function isSince(listed: AssetAnswer, session: SessionAnswer | undefined): boolean {
  const at = lastChangeOf(listed);
  return session === undefined || at === undefined || at >= session.metadata.timeCreated - CLOCK_SKEW_MS;
}

function ofAsset(handle: Handle, answer: AssetAnswer): Observation {
  const asset = assetOf(answer);
  const state = asset.status === 'ready' || asset.status === 'failed' ? asset.status : 'working';
  return { handle, state, message: asset.errorMessage, asset };
}

/** The history of another release may hold such a handle; asking again would not help. */
const unknownKind = ({ kind, id, in: dataset }: Handle) =>
  dataset === undefined && (kind === 'asset' || kind === INGESTION)
    ? failure('InvalidRequest', `${kind} ${id}: its dataset is not named`)
    : failure('InvalidRequest', `a handle of the kind "${kind}" is not of this provider (${id})`);
