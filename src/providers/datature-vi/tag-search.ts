import { failureType } from '../../contracts/failures';
import { carriesTag } from '../../contracts/resource';
import type { ProviderAsset } from '../assets';
import type { OwnershipQuery } from '../intake';
import { NEWEST_FIRST, type DatasetApi } from './api/dataset-api';
import type { AssetAnswer } from './api/schemas';
import { assetOf } from './asset-of';

/** Searches that begin less than this after another share its walk. */
const WINDOW_MS = 100;
/** Nobody waits longer for others. */
const MAX_WINDOW_MS = 2000;
/** Assumed largest difference between the provider's clock and ours. */
const CLOCK_SKEW_MS = 5 * 60_000;
/** Most pages read for a query without `since`. */
const MAX_UNBOUNDED_PAGES = 4;

interface Search {
  queries: readonly OwnershipQuery[];
  signal?: AbortSignal;
  resolve: (found: ProviderAsset[][]) => void;
  reject: (error: unknown) => void;
}

/** Finds assets of a dataset by their tags; one walk over the list for all who look at the same time. */
export class TagSearch {
  private waiting: Search[] = [];
  /** Epoch milliseconds at which the first of them began. */
  private since = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly dataset: DatasetApi,
    private readonly pageSize: number,
  ) {}

  /** Oldest first, one list for each query; nothing where the dataset is gone. */
  find(queries: readonly OwnershipQuery[], signal?: AbortSignal): Promise<ProviderAsset[][]> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const now = Date.now();
      if (this.waiting.length === 0) this.since = now;
      clearTimeout(this.timer);
      const waitMs = Math.min(WINDOW_MS, this.since + MAX_WINDOW_MS - now);
      this.timer = setTimeout(() => void this.walkForAll(), waitMs);
      this.waiting.push({ queries, signal, resolve, reject });
    });
  }

  private async walkForAll(): Promise<void> {
    const searches = this.waiting;
    this.waiting = [];
    try {
      const found = await this.walk(searches.flatMap(({ queries }) => queries));
      for (const { queries, signal, resolve, reject } of searches) {
        if (signal?.aborted) reject(signal.reason);
        else resolve(queries.map((query) => [...(found.get(query)?.values() ?? [])].toReversed()));
      }
    } catch (error) {
      for (const { reject } of searches) reject(error);
    }
  }

  private async walk(queries: readonly OwnershipQuery[]): Promise<Map<OwnershipQuery, Map<string, ProviderAsset>>> {
    const found = new Map(queries.map((query) => [query, new Map<string, ProviderAsset>()]));
    let open = queries;
    let pages = 0;
    try {
      for await (const assets of this.dataset.assetPages({ query: NEWEST_FIRST, pageSize: this.pageSize })) {
        pages += 1;
        for (const query of open) {
          for (const asset of assets) {
            if (carriesTag(asset.metadata.customMetadata, query.tag))
              found.get(query)?.set(asset.assetId, assetOf(asset));
          }
        }
        open = open.filter((query) => goesOn(query, pages, assets.at(-1)));
        if (open.length === 0) break;
      }
    } catch (error) {
      if (failureType(error) !== 'ResourceGone') throw error;
    }
    return found;
  }
}

function goesOn({ since }: OwnershipQuery, pages: number, last: AssetAnswer | undefined): boolean {
  if (since === undefined) return pages < MAX_UNBOUNDED_PAGES;
  const at = last && lastChangeOf(last);
  return at === undefined || at >= Date.parse(since) - CLOCK_SKEW_MS;
}

/** When its content came, by which the list is ordered. */
export const lastChangeOf = ({ metadata }: AssetAnswer): number | undefined =>
  metadata.contentsLastUpdated ?? metadata.timeCreated;
