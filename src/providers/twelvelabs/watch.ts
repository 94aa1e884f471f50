import { failure, failureType } from '../../contracts/failures';
import type { Handle } from '../../contracts/branches/handle';
import type { Assets, ProviderAsset } from '../assets';
import type { MediaProvider, Observation, ObservationTrouble, WatchOptions } from '../media-provider';
import { followPages } from '../shared/read-pages';
import type { TwelveLabsClient } from './api/client';
import { itemsOf, MAX_PAGE_ITEMS } from './api/lists';
import { StatePageSchema, StateSchema } from './api/schemas';
import type { WatchedKind } from './connection';

/** For lists without a filter by id: most objects that are read one by one instead of as a list. */
const MAX_SINGLE_READS = 3;

type Heard = Observation | ObservationTrouble;

/** Paths for handles whose list has no filter by id: one object, or the list of objects still in work. */
interface StateRoute {
  /** Path of the parent's list, which serves all of its objects. */
  list: string;
  /** Path template of `list`, the same for all parents. */
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
 * Asks for many handles in few requests. An id that is missing from a list is read by itself before it counts as gone.
 * If a list is refused, every id of it is read by itself, because one id or the parent may be the reason.
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
      const watched = kinds.find(({ kind }) => kind === handle.kind);
      if (!watched) {
        yield { handles: [handle], error: unknownKind(handle) };
        continue;
      }
      const route = stateRoute(watched, handle);
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
  for (let from = 0; from < handles.length; from += MAX_PAGE_ITEMS) {
    const batch = handles.slice(from, from + MAX_PAGE_ITEMS);
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
  const read = async (from: string | undefined) => {
    await pace();
    return assets.list({ ids, from, pageSize: MAX_PAGE_ITEMS }, { signal });
  };
  for await (const { items } of followPages(read, { idOf: (asset) => asset.id })) {
    for (const asset of items) found.set(asset.id, asset);
    if (found.size >= ids.length) break;
  }
  return found;
}

const ofAsset = (handle: Handle, asset: ProviderAsset): Observation => ({
  handle,
  state: observedState(asset.status),
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
      return { handle, state: observedState(status), message: error?.message };
    });
  }
}

/** Ids of the objects of the handles' parent that are still in work. Every other object has ended. */
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

/** The history of another release may hold such a handle; asking again would not help. */
const unknownKind = ({ kind, id }: Handle) =>
  failure('InvalidRequest', `a handle of the kind "${kind}" is not of this provider (${id})`);

function stateRoute({ listRoute, working }: WatchedKind, { id, in: parent = '' }: Handle): StateRoute {
  const list = listRoute.replace('{id}', encodeURIComponent(parent));
  return { list, listRoute, working, one: `${list}/${encodeURIComponent(id)}`, route: `${listRoute}/{id}`, about: id };
}

/** A ready task holds all of its embeddings, which are not wanted here; of a failed one the error is still to come. */
const isTold = ({ _id, status }: Readonly<Record<string, unknown>>): boolean =>
  _id !== undefined && status !== undefined && status !== 'failed';

const observedState = (status: string): Observation['state'] =>
  status === 'ready' || status === 'failed' ? status : 'working';

/** Gives the list, or `none` if it was refused. If it could not be read, yields the trouble and gives nothing. */
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
