import { failureType } from '../../contracts/failures';
import type { MediaProvider, Observation, ObserveOptions, ProviderAsset, WatchTarget } from '../media-provider';
import type { TwelveLabsClient } from './client';
import { StatePageSchema, StateSchema } from './schemas';

/** Ids that one list request takes. */
const BATCH = 50;
/** Up to so many are asked for singly where a list has no id filter. */
const FEW = 3;

type Target<K extends WatchTarget['kind']> = Extract<WatchTarget, { kind: K }>;

/** Where the states of a kind that has no id filter are read: singly, and as a list of what is still being worked on. */
interface StateRoute {
  /** The parent's path, so that one list serves all below it. */
  list: string;
  working: readonly string[];
  one: string;
  route: string;
  about: string;
}

/** Asks for many targets in few requests; an id missing from a list is asked for by itself before it is believed. */
export function observer(client: TwelveLabsClient, assets: Pick<MediaProvider, 'listAssets' | 'getAsset'>) {
  return async function* observe(targets: readonly WatchTarget[], options: ObserveOptions): AsyncIterable<Observation> {
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
  { pace, signal }: ObserveOptions,
): AsyncIterable<Observation> {
  for (let from = 0; from < targets.length; from += BATCH) {
    const batch = targets.slice(from, from + BATCH);
    await pace();
    const ids = batch.map(({ assetId }) => assetId);
    const { items } = await assets.listAssets({ ids, pageSize: BATCH }, { signal });
    const found = new Map(items.map((asset) => [asset.id, asset]));
    for (const target of batch) {
      const asset = found.get(target.assetId);
      if (asset) {
        yield ofAsset(target, asset);
        continue;
      }
      await pace();
      yield await orGone(target, async () => ofAsset(target, await assets.getAsset(target.assetId, { signal })));
    }
  }
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
): AsyncIterable<Observation> {
  const working = targets.length > FEW ? await idsAtWork(client, targets, options) : new Set<string>();
  for (const target of targets) {
    const { one, route, about } = routeOf(target);
    if (working.has(about)) {
      yield { target, state: 'working' };
      continue;
    }
    await options.pace();
    yield await orGone(target, async () => {
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
  const { list, working } = routeOf(first);
  for (const status of working) {
    for (let page = 1; ; page++) {
      await pace();
      const { data } = await client.call(
        {
          method: 'GET',
          route: list,
          path: `${list}?status=${status}&page=${page}&page_limit=${BATCH}`,
          creates: false,
          signal,
        },
        StatePageSchema,
      );
      for (const { _id } of data) ids.add(_id);
      if (data.length < BATCH) break;
    }
  }
  return ids;
}

function routeOf(target: WatchTarget): StateRoute {
  switch (target.kind) {
    case 'asset':
      throw new Error('assets are listed by their ids');
    case 'embedding':
      return stateRoute('/embed-v2/tasks', target.taskId, ['processing']);
    case 'entity':
      return stateRoute(`/entity-collections/${encodeURIComponent(target.collectionId)}/entities`, target.entityId, [
        'processing',
      ]);
    case 'indexed-asset':
      return stateRoute(`/indexes/${encodeURIComponent(target.indexId)}/indexed-assets`, target.indexedAssetId, [
        'pending',
        'queued',
        'indexing',
      ]);
  }
}

const stateRoute = (list: string, id: string, working: readonly string[]): StateRoute => ({
  list,
  working,
  one: `${list}/${encodeURIComponent(id)}`,
  route: `${list}/{id}`,
  about: id,
});

const stateOf = (status: string): Observation['state'] =>
  status === 'ready' || status === 'failed' ? status : 'working';

async function orGone(target: WatchTarget, read: () => Promise<Observation>): Promise<Observation> {
  try {
    return await read();
  } catch (error) {
    if (failureType(error) === 'ResourceGone') return { target, state: 'gone' };
    throw error;
  }
}
