import type { AssetFilter, AssetPage, AssetQuery, ProviderAsset, Referrer } from '../../providers/assets';
import type { MediaProvider } from '../../providers/media-provider';
import { only } from '../../providers/outcome';
import { withLimits, type CallLimits } from '../call-limits';
import { downloadAssets, type DownloadOptions, type DownloadResult } from '../transfers/download-assets';
import { uploadAssets, type UploadOptions, type UploadResult } from '../transfers/upload-assets';
import { assetMetadata, type AssetMetadataWrites } from './asset-metadata';
import { checkedQuery, countAssets, pagesOf, type AssetNarrowing } from './asset-queries';
import { deleteAssets, deleteMatching, notDeleted, type DeletedAsset } from './delete-assets';

/**
 * The provider's own assets, whoever made them. Every call is one attempt, and takes limits as its last argument.
 * URLs of an asset are secrets while they are good.
 */
export interface ProviderAssets {
  /**
   * One page, newest first unless `sort` says otherwise; `ids`, `types`, `filename`, `filter` and `metadataQuery` narrow
   * the list. `pageSize` may be 1 to the provider's largest page, which is also the default where it is below 10;
   * otherwise the default is 10. @throws InvalidInput that names what this provider's lists cannot do
   */
  list(query?: AssetQuery, limits?: CallLimits): Promise<AssetPage>;
  /** Every page from that one on, read as it is iterated. */
  pages(query?: AssetQuery, limits?: CallLimits): AsyncIterable<AssetPage>;
  /** Every asset from that page on, read page by page as it is iterated. */
  listAll(query?: AssetQuery, limits?: CallLimits): AsyncIterable<ProviderAsset>;
  /** @param options.contents asks for signed URLs, at a provider that makes them on request. @throws ResourceGone */
  get(assetId: string, options?: CallLimits & { contents?: boolean }): Promise<ProviderAsset>;
  /** How many assets there are, or match. */
  count(query?: AssetNarrowing, limits?: CallLimits): Promise<number>;
  /**
   * What refers to the asset: what was made of it, and what holds it.
   * @throws ResourceGone
   */
  references(assetId: string, limits?: CallLimits): Promise<Referrer[]>;
  readonly metadata: AssetMetadataWrites;
  /**
   * Deletes for good, and says which lifecycle the asset was of.
   * @param options.force also where others refer to it, which lose it then.
   * @throws ResourceGone · BlockedByReferences, which names who would lose it
   */
  delete(assetId: string, options?: CallLimits & { force?: boolean }): Promise<DeletedAsset>;
  /** The same for many, in their order. One that fails says why, and does not keep the others. */
  deleteMany(assetIds: readonly string[], options?: CallLimits & { force?: boolean }): Promise<DeletedAsset[]>;
  /**
   * Deletes all that match, in one request, at a provider that can; gives those that matched just before.
   * @throws InvalidInput without any filter · ProcessingFailed · DeadlineExceeded
   */
  deleteMatching(filter: AssetFilter, limits?: CallLimits): Promise<DeletedAsset[]>;
  /**
   * Downloads the content of all assets, or of those that match, into a folder: each file is there whole or not at all, and
   * its size and hash are checked. Repeating it goes on where it stopped. One that fails does not keep the others.
   * @throws InvalidInput at a provider that makes no URLs on request · failures of the list
   */
  download(folder: string, options?: CallLimits & DownloadOptions): Promise<DownloadResult>;
  /**
   * Uploads files, or all that the provider takes of folders, in one go, at most 500, without a lifecycle. Nothing is
   * overwritten unless `overwriteMode` says how. Ended by a limit, it leaves no session open.
   * @throws InvalidInput before anything is sent · failures of the requests · DeadlineExceeded; the sessions go on then
   */
  upload(paths: string | readonly string[], options?: CallLimits & UploadOptions): Promise<UploadResult>;
}

/** @param place its name, where the provider is within one. */
export function providerAssets(provider: () => Promise<MediaProvider>, place?: string): ProviderAssets {
  const pages: ProviderAssets['pages'] = (query = {}, limits = {}) =>
    pagesOf(provider, query, { ...limits, call: 'assets.pages' });

  return {
    list: (query = {}, limits = {}) =>
      withLimits({ call: 'assets.list' }, limits, async (signal) => {
        const { assets, traits } = await provider();
        return assets.list(checkedQuery(query, traits), { signal });
      }),

    pages,

    async *listAll(query = {}, limits = {}) {
      for await (const { items } of pagesOf(provider, query, { ...limits, call: 'assets.listAll' })) yield* items;
    },

    get: (assetId, { contents, ...limits } = {}) =>
      withLimits({ call: `assets.get ${assetId}` }, limits, async (signal) => {
        const { assets, traits } = await provider();
        checkedQuery({ contents }, traits);
        return assets.get(assetId, { contents, signal });
      }),

    count: (query = {}, limits = {}) =>
      withLimits({ call: 'assets.count' }, limits, async (signal) => countAssets(await provider(), query, signal)),

    references: (assetId, limits = {}) =>
      withLimits({ call: `assets.references ${assetId}` }, limits, async (signal) => {
        const { assets } = await provider();
        const referrers = await assets.referrers(assetId, { signal });
        if (referrers.length === 0) await assets.get(assetId, { signal }); // nothing refers to an asset that is gone
        return referrers;
      }),

    metadata: assetMetadata(provider),

    delete: (assetId, { force = false, ...limits } = {}) =>
      withLimits({ call: `assets.delete ${assetId}`, writes: true }, limits, async (signal) =>
        only(await deleteAssets(await provider(), [assetId], { force, signal })),
      ),

    deleteMany: (assetIds, { force = false, ...limits } = {}) =>
      withLimits({ call: 'assets.deleteMany', writes: true }, limits, async (signal) => {
        const outcomes = await deleteAssets(await provider(), assetIds, { force, signal });
        return outcomes.map((outcome, at) =>
          outcome.ok ? outcome.value : notDeleted(assetIds[at] ?? '', outcome.error),
        );
      }),

    deleteMatching: (filter, limits = {}) =>
      withLimits({ call: 'assets.deleteMatching', writes: true }, limits, async (signal) =>
        deleteMatching(await provider(), filter, { matching: pages(filter, { signal }), signal }),
      ),

    download: (folder, { signal: given, timeoutMs, ...options } = {}) =>
      withLimits({ call: 'assets.download', tidiesUp: true }, { signal: given, timeoutMs }, async (signal) =>
        downloadAssets(await provider(), folder, { ...options, place, signal }),
      ),

    upload: (paths, { signal: given, timeoutMs, ...options } = {}) =>
      withLimits(
        { call: 'assets.upload', writes: true, tidiesUp: true },
        { signal: given, timeoutMs },
        async (signal) => uploadAssets(await provider(), paths, { ...options, signal }),
      ),
  };
}
