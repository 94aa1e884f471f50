import { SeenTexts } from '../../../batch/listing/seen-texts';
import type { AssetPage, ProviderAsset } from '../../../providers/assets';
import type { MediaProvider } from '../../../providers/media-provider';
import { followPages } from '../../../providers/shared/read-pages';
import { pause } from '../../lib/activity-call';

interface WalkOptions {
  /** Longer lists are not read. */
  mostPages: number;
  spacingMs: number;
  signal: AbortSignal;
}

/** One walk over the whole list of assets, in an order that does not change meanwhile where the provider has one. */
export class ListWalk {
  private readonly seen = new SeenTexts();
  private first: AssetPage | undefined;
  private ended = false;

  constructor(
    private readonly provider: MediaProvider,
    private readonly options: WalkOptions,
  ) {}

  /** Ends early where the list has more pages than are worth reading. */
  async *pages(): AsyncGenerator<readonly ProviderAsset[]> {
    const { assets, traits } = this.provider;
    const { mostPages, spacingMs, signal } = this.options;
    const sort = traits.steadyOrder === undefined ? undefined : { by: traits.steadyOrder };
    let pages = 0;
    const read = async (from: string | undefined): Promise<AssetPage> => {
      if (from !== undefined && spacingMs > 0) await pause(spacingMs, signal);
      const page = await assets.list({ from, pageSize: traits.assetsPerPage, sort }, { signal });
      this.first ??= page;
      pages += 1;
      return page;
    };
    for await (const { items, next, totalPages = 0 } of followPages(read, { idOf: ({ id }) => id })) {
      if (totalPages > mostPages) return;
      this.note(items);
      yield items;
      if (next !== undefined && pages >= mostPages) return;
    }
    this.ended = true;
  }

  /**
   * True if no asset that was there at the first page can have been missed. Numbered pages move when an asset is deleted
   * meanwhile: then fewer are seen than the first page counted.
   */
  get isComplete(): boolean {
    const { first } = this;
    if (!this.ended || !first) return false;
    if (first.page === undefined) return true;
    const atFirst = first.items.filter((asset) => !this.isOlder(asset)).length;
    return first.totalItems !== undefined && this.seen.size + atFirst >= first.totalItems;
  }

  private note(items: readonly ProviderAsset[]): void {
    for (const asset of items) if (this.isOlder(asset)) this.seen.add(asset.id, 0);
  }

  /** What came after the first page was read does not count; of the same moment as its newest, only what is on it. */
  private isOlder({ createdAt = '' }: ProviderAsset): boolean {
    return Date.parse(createdAt) < Date.parse(this.first?.items[0]?.createdAt ?? '');
  }
}
