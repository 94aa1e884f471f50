import { failure, failureType } from '../../contracts/failures';
import { carriesTag, isTagField, readTag, type ReadTag } from '../../contracts/resource';
import type { AssetMark, MarkedAsset, MarkStore } from '../../storage/results/mark-store';
import type { Assets, MetadataChanges, ProviderAsset } from '../assets';
import type { Intake } from '../intake';
import type { MediaProvider } from '../media-provider';
import { outcomeOf } from '../outcome';

export interface Beside {
  marks: MarkStore;
  /** Id of the Temporal namespace. */
  owner: string;
}

/** Marks read at the same time. */
const READERS = 16;

/**
 * The provider as lifecycles see it. Where nothing can be added to an asset (`Traits.marksAssets` is false), what they add
 * to its tag is kept beside the results, and assets are given with it. Marks are removed with their asset. The tag of an
 * upload names the store: an asset whose marks lie in another store is given without them, and takes none.
 */
export function withMarksBeside(provider: MediaProvider, beside: Beside): MediaProvider {
  if (provider.traits.marksAssets) return provider;
  const places = new Map<string, MediaProvider>();
  const { within } = provider;
  const placed = (place: string): MediaProvider => {
    const known = places.get(place) ?? marking(within?.(place) ?? provider, place);
    places.set(place, known);
    return known;
  };
  const marking = (inner: MediaProvider, place?: string): MediaProvider => {
    const { name, traits, branches, ingestions } = inner;
    return {
      ...{ name, traits, branches, ...marked(inner, beside, place) },
      watch: (handles, options) => inner.watch(handles, options),
      ...(ingestions && { ingestions }),
      ...(within && { within: placed }),
      close: () => inner.close(),
    };
  };
  return marking(provider);
}

function marked(
  { name: provider, assets, intake }: MediaProvider,
  { marks, owner }: Beside,
  place: string | undefined,
): { assets: Assets; intake: Intake } {
  const markOf = (its: string, assetId: string): MarkedAsset => ({ owner: its, provider, place, assetId });

  const withMark = async (asset: ProviderAsset): Promise<ProviderAsset> => {
    const tag = readTag(asset.metadata);
    if (!tag || !(await liesIn(marks, tag))) return asset;
    const mark = await marks.read(markOf(tag.owner, asset.id));
    return mark?.over === tag.runId ? { ...asset, metadata: changed(asset.metadata, mark.fields) } : asset;
  };

  const annotate = async (assetId: string, fields: MetadataChanges, signal?: AbortSignal): Promise<void> => {
    const { metadata } = await assets.get(assetId, { signal });
    const tag = readTag(metadata);
    if (tag && !(await liesIn(marks, tag))) {
      const words = `asset ${assetId}: its marks lie in another result store (${tag.marks}) than this worker's`;
      throw failure('ProviderRejected', `${words} (${await marks.id()}); give all workers one ASSET_LIFECYCLE_RESULTS`);
    }
    const added = fieldsOfTag(assetId, fields);
    const over = tag?.runId ?? '';
    await marks.change(markOf(tag?.owner ?? owner, assetId), (before) => ({
      over,
      fields: { ...of(before, over), ...added },
    }));
  };

  return {
    assets: {
      count: assets.count?.bind(assets),
      open: assets.open?.bind(assets),
      removeMatching: assets.removeMatching?.bind(assets), // a sweep removes the marks of what is gone
      list: async (query, options) => {
        const page = await assets.list(query, options);
        return { ...page, items: await eachOf(page.items, withMark) };
      },
      get: async (assetId, options) => withMark(await assets.get(assetId, options)),
      remove: async (assetIds, options) => {
        const outcomes = await assets.remove(assetIds, options);
        for (const [at, outcome] of outcomes.entries()) {
          const isGone = outcome.ok || failureType(outcome.error) === 'ResourceGone';
          if (isGone) await marks.remove(markOf(owner, assetIds[at] ?? ''));
        }
        return outcomes;
      },
      annotate: (changes, { signal } = {}) =>
        Promise.all(changes.map(({ assetId, fields }) => outcomeOf(() => annotate(assetId, fields, signal)))),
      referrers: (assetId, options) => assets.referrers(assetId, options),
    },

    intake: {
      ...intake,
      submit: async (items, options) => {
        const store = await marks.id();
        return intake.submit(
          items.map((item) => ({ ...item, tag: { ...item.tag, marks: store } })),
          options,
        );
      },
      find: async (queries, options) => {
        const found = await intake.find(queries, options);
        const withMarks = await Promise.all(found.map((some) => eachOf(some, withMark)));
        return withMarks.map((some, at) => {
          const tag = queries[at]?.tag;
          return tag ? some.filter(({ metadata }) => carriesTag(metadata, tag)) : some; // a mark may have taken it off
        });
      },
    },
  };
}

/** Whether the asset's marks lie in this store; an upload without a word of it has none elsewhere. */
const liesIn = async (marks: MarkStore, tag: ReadTag): Promise<boolean> =>
  tag.marks === undefined || tag.marks === (await marks.id());

/** Those of an upload that has been replaced are of no use. */
const of = (mark: AssetMark | undefined, over: string): AssetMark['fields'] => (mark?.over === over ? mark.fields : {});

const changed = (metadata: ProviderAsset['metadata'], fields: AssetMark['fields']): ProviderAsset['metadata'] =>
  Object.fromEntries(Object.entries({ ...metadata, ...fields }).filter(([, value]) => value !== null));

/** @throws ProviderRejected for any other field: the provider takes none */
function fieldsOfTag(assetId: string, fields: MetadataChanges): Record<string, string | null> {
  const added: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (!isTagField(name) || (typeof value !== 'string' && value !== null)) {
      throw failure('ProviderRejected', `asset ${assetId}: the provider takes no metadata after the upload (${name})`);
    }
    added[name] = value;
  }
  return added;
}

/** The results in the order of the items. */
async function eachOf<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const waiting = [...items.entries()];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: Math.min(READERS, items.length) }, lane));
  return results;
}
