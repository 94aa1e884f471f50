import { failureType } from '../../contracts/failures';
import type { Handle } from '../../contracts/branches/handle';
import type { Assets, ProviderAsset } from '../assets';
import type { MediaProvider, Observation, ObservationTrouble, WatchOptions } from '../media-provider';
import { readPages } from '../shared/read-pages';
import type { TwelveLabsClient } from './api/client';
import { itemsOf, LARGEST_PAGE } from './api/lists';
import { StatePageSchema, StateSchema } from './api/schemas';
import type { WatchedKind } from './connection';

/** Where a list has no filter by id, up to so many objects are asked for singly. */
const MAX_SINGLE_READS = 3;

type Heard = Observation | ObservationTrouble;

/** Where the states of a kind that has no id filter are read: singly, and as a list of what is still being worked on. */
interface StateRoute {
  /** The parent's path, so that one list serves all below it. */
  list: string;
  /** Template of `list`: what all parents of the kind share. */
  listRoute: string;
  working: readonly string[];
  one: string;
  route: string;
  about: string;
}

interface Routed {
  handle: Handle;
  route: StateRoute;
}

/**
 * Asks for many handles in few requests. An id missing from a list is asked for by itself before it is believed gone,
 * and so is every id of a list that was refused: one of them, or their parent, may be why.
 * Source: `GET /assets`, `/embed-v2/tasks`, `/entity-collections/{id}/entities`, `/indexes/{id}/indexed-assets`, and the
 * same with an id.
 */
export function createWatch(
  client: TwelveLabsClient,
  assets: Pick<Assets, 'list' | 'get'>,
  kinds: readonly WatchedKind[],
): MediaProvider['watch'] {
  return async function* watch(handles, options) {
    const isAsset = ({ kind }: Handle): boolean => kind === 'asset';
    yield* watchAssets(assets, handles.filter(isAsset), options);
    const byList = new Map<string, Routed[]>();
    for (const handle of handles) {
      if (isAsset(handle)) continue;
      const route = routeOf(handle, kinds);
      const group = byList.get(route.list);
      if (group) group.push({ handle, route });
      else byList.set(route.list, [{ handle, route }]);
    }
    for (const group of byList.values()) yield* watchStates(client, group, options);
  };
}

async function* watchAssets(
  assets: Pick<Assets, 'list' | 'get'>,
  handles: readonly Handle[],
  options: WatchOptions,
): AsyncGenerator<Heard> {
  const { pace, signal } = options;
  for (let from = 0; from < handles.length; from += LARGEST_PAGE) {
    const batch = handles.slice(from, from + LARGEST_PAGE);
    const found = yield* listed(batch, new Map<string, ProviderAsset>(), () => assetsOf(assets, batch, options));
    if (!found) continue;
    for (const handle of batch) {
      const asset = found.get(handle.id);
      if (asset) {
        yield ofAsset(handle, asset);
        continue;
      }
      yield await single(handle, async () => {
        await pace();
        return ofAsset(handle, await assets.get(handle.id, { signal }));
      });
    }
  }
}

async function assetsOf(
  assets: Pick<Assets, 'list'>,
  batch: readonly Handle[],
  { pace, signal }: WatchOptions,
): Promise<Map<string, ProviderAsset>> {
  const ids = batch.map(({ id }) => id);
  const found = new Map<string, ProviderAsset>();
  const read = async (page: number) => {
    await pace();
    return assets.list({ ids, page, pageSize: LARGEST_PAGE }, { signal });
  };
  for await (const { items } of readPages(read, { idOf: (asset) => asset.id })) {
    for (const asset of items) found.set(asset.id, asset);
    if (found.size >= ids.length) break;
  }
  return found;
}

const ofAsset = (handle: Handle, asset: ProviderAsset): Observation => ({
  handle,
  state: asset.status === 'processing' ? 'working' : asset.status,
  message: asset.errorMessage,
  asset,
});

async function* watchStates(
  client: TwelveLabsClient,
  routed: readonly Routed[],
  options: WatchOptions,
): AsyncGenerator<Heard> {
  const handles = routed.map(({ handle }) => handle);
  const none = new Set<string>();
  const working =
    handles.length > MAX_SINGLE_READS ? yield* listed(handles, none, () => idsAtWork(client, routed, options)) : none;
  if (!working) return;
  for (const { handle, route: known } of routed) {
    const { one, route, about } = known;
    if (working.has(about)) {
      yield { handle, state: 'working' };
      continue;
    }
    yield await single(handle, async () => {
      await options.pace();
      const { status, error } = await client.skim(
        { method: 'GET', route, path: one, about, creates: false, signal: options.signal },
        StateSchema,
        isTold,
      );
      return { handle, state: stateOf(status), message: error?.message };
    });
  }
}

/** Ids below the handles' common parent that are still being worked on; whoever is not among them has ended. */
async function idsAtWork(
  client: TwelveLabsClient,
  [first]: readonly Routed[],
  { pace, signal }: WatchOptions,
): Promise<Set<string>> {
  const ids = new Set<string>();
  if (!first) return ids;
  const { list: path, listRoute: route, working } = first.route;
  const query = working.map((status) => ['status', status] as const);
  for await (const { _id } of itemsOf(client, { route, path, query, signal, pace }, StatePageSchema)) ids.add(_id);
  return ids;
}

function routeOf(handle: Handle, kinds: readonly WatchedKind[]): StateRoute {
  const watched = kinds.find(({ kind }) => kind === handle.kind);
  if (!watched) throw new Error(`a handle of the kind "${handle.kind}" is not of this provider`);
  return stateRoute(watched, handle);
}

function stateRoute({ listRoute, working }: WatchedKind, { id, in: parent = '' }: Handle): StateRoute {
  const list = listRoute.replace('{id}', encodeURIComponent(parent));
  return { list, listRoute, working, one: `${list}/${encodeURIComponent(id)}`, route: `${listRoute}/{id}`, about: id };
}

/** A ready task holds all of its embeddings, which are not wanted here; of a failed one the error is still to come. */
const isTold = ({ _id, status }: Readonly<Record<string, unknown>>): boolean =>
  _id !== undefined && status !== undefined && status !== 'failed';

const stateOf = (status: string): Observation['state'] =>
  status === 'ready' || status === 'failed' ? status : 'working';

/** What a list tells; `none` when it was refused, and nothing when it could not be read, which is then told. */
async function* listed<T>(
  handles: readonly Handle[],
  none: T,
  read: () => Promise<T>,
): AsyncGenerator<ObservationTrouble, T | undefined> {
  try {
    return await read();
  } catch (error) {
    const type = failureType(error);
    if (type === 'ResourceGone' || type === 'ProviderRejected') return none;
    yield { handles, error };
    return undefined;
  }
}

async function single(handle: Handle, read: () => Promise<Observation>): Promise<Heard> {
  try {
    return await read();
  } catch (error) {
    if (failureType(error) === 'ResourceGone') return { handle, state: 'gone' };
    return { handles: [handle], error };
  }
}
