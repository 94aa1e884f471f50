import { failureType } from '../../contracts/failures';
import type {
  MediaProvider,
  Observation,
  ObservationTrouble,
  ObserveOptions,
  ProviderAsset,
  WatchTarget,
} from '../media-provider';
import { readPages } from '../shared/read-pages';
import type { TwelveLabsClient } from './client';
import { itemsOf, LARGEST_PAGE } from './lists';
import { StatePageSchema, StateSchema } from './schemas';

/** Up to so many are asked for singly where a list has no id filter. */
const FEW = 3;

type Heard = Observation | ObservationTrouble;
type Target<K extends WatchTarget['kind']> = Extract<WatchTarget, { kind: K }>;

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

/**
 * Asks for many targets in few requests. An id missing from a list is asked for by itself before it is believed gone,
 * and so is every id of a list that was refused: one of them, or their parent, may be why.
 */
export function observer(client: TwelveLabsClient, assets: Pick<MediaProvider, 'listAssets' | 'getAsset'>) {
  return async function* observe(targets: readonly WatchTarget[], options: ObserveOptions): AsyncIterable<Heard> {
    yield* observeAssets(
      assets,
      targets.filter((target) => target.kind === 'asset'),
      options,
    );
    const byList = new Map<string, WatchTarget[]>();
    for (const target of targets) {
      if (target.kind === 'asset') continue;
      const { list } = routeOf(target);
      const group = byList.get(list);
      if (group) group.push(target);
      else byList.set(list, [target]);
    }
    for (const group of byList.values()) yield* observeStates(client, group, options);
  };
}

async function* observeAssets(
  assets: Pick<MediaProvider, 'listAssets' | 'getAsset'>,
  targets: readonly Target<'asset'>[],
  options: ObserveOptions,
): AsyncGenerator<Heard> {
  const { pace, signal } = options;
  for (let from = 0; from < targets.length; from += LARGEST_PAGE) {
    const batch = targets.slice(from, from + LARGEST_PAGE);
    const found = yield* listed(batch, new Map<string, ProviderAsset>(), () => assetsOf(assets, batch, options));
    if (!found) continue;
    for (const target of batch) {
      const asset = found.get(target.assetId);
      if (asset) {
        yield ofAsset(target, asset);
        continue;
      }
      yield await single(target, async () => {
        await pace();
        return ofAsset(target, await assets.getAsset(target.assetId, { signal }));
      });
    }
  }
}

async function assetsOf(
  assets: Pick<MediaProvider, 'listAssets'>,
  batch: readonly Target<'asset'>[],
  { pace, signal }: ObserveOptions,
): Promise<Map<string, ProviderAsset>> {
  const ids = batch.map(({ assetId }) => assetId);
  const found = new Map<string, ProviderAsset>();
  const read = async (page: number) => {
    await pace();
    return assets.listAssets({ ids, page, pageSize: LARGEST_PAGE }, { signal });
  };
  for await (const { items } of readPages(read, { idOf: (asset) => asset.id })) {
    for (const asset of items) found.set(asset.id, asset);
    if (found.size >= ids.length) break;
  }
  return found;
}

const ofAsset = (target: Target<'asset'>, asset: ProviderAsset): Observation => ({
  target,
  state: asset.status === 'processing' ? 'working' : asset.status,
  message: asset.errorMessage,
  asset,
});

async function* observeStates(
  client: TwelveLabsClient,
  targets: readonly WatchTarget[],
  options: ObserveOptions,
): AsyncGenerator<Heard> {
  const none = new Set<string>();
  const working = targets.length > FEW ? yield* listed(targets, none, () => idsAtWork(client, targets, options)) : none;
  if (!working) return;
  for (const target of targets) {
    const { one, route, about } = routeOf(target);
    if (working.has(about)) {
      yield { target, state: 'working' };
      continue;
    }
    yield await single(target, async () => {
      await options.pace();
      const { status, error } = await client.call(
        { method: 'GET', route, path: one, about, creates: false, signal: options.signal },
        StateSchema,
      );
      return { target, state: stateOf(status), message: error?.message };
    });
  }
}

/** Ids below the targets' common parent that are still being worked on; whoever is not among them has ended. */
async function idsAtWork(
  client: TwelveLabsClient,
  [first]: readonly WatchTarget[],
  { pace, signal }: ObserveOptions,
): Promise<Set<string>> {
  const ids = new Set<string>();
  if (!first) return ids;
  const { list: path, listRoute: route, working } = routeOf(first);
  const query = working.map((status) => ['status', status] as const);
  for await (const { _id } of itemsOf(client, { route, path, query, signal, pace }, StatePageSchema)) ids.add(_id);
  return ids;
}

function routeOf(target: WatchTarget): StateRoute {
  switch (target.kind) {
    case 'asset':
      throw new Error('assets are listed by their ids');
    case 'embedding':
      return stateRoute('/embed-v2/tasks', undefined, target.taskId, ['processing']);
    case 'entity':
      return stateRoute('/entity-collections/{id}/entities', target.collectionId, target.entityId, ['processing']);
    case 'indexed-asset':
      // "validating" is a state as well, but no value that the list's filter is documented to take: such an entry is
      // missing from the list and therefore asked for singly
      return stateRoute('/indexes/{id}/indexed-assets', target.indexId, target.indexedAssetId, [
        'pending',
        'queued',
        'indexing',
      ]);
  }
}

function stateRoute(listRoute: string, parent: string | undefined, id: string, working: string[]): StateRoute {
  const list = listRoute.replace('{id}', encodeURIComponent(parent ?? ''));
  return { list, listRoute, working, one: `${list}/${encodeURIComponent(id)}`, route: `${listRoute}/{id}`, about: id };
}

const stateOf = (status: string): Observation['state'] =>
  status === 'ready' || status === 'failed' ? status : 'working';

/** What a list tells; `none` when it was refused, and nothing when it could not be read, which is then told. */
async function* listed<T>(
  targets: readonly WatchTarget[],
  none: T,
  read: () => Promise<T>,
): AsyncGenerator<ObservationTrouble, T | undefined> {
  try {
    return await read();
  } catch (error) {
    const type = failureType(error);
    if (type === 'ResourceGone' || type === 'ProviderRejected') return none;
    yield { targets, error };
    return undefined;
  }
}

async function single(target: WatchTarget, read: () => Promise<Observation>): Promise<Heard> {
  try {
    return await read();
  } catch (error) {
    if (failureType(error) === 'ResourceGone') return { target, state: 'gone' };
    return { targets: [target], error };
  }
}
