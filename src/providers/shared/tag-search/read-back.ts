import type { AssetPage, ProviderAsset } from '../../assets';
import type { OwnershipQuery } from '../../intake';

/**
 * Margin between two machines of the provider, one of which wrote when an asset was made and the other its answer; and between
 * two of ours, one of which wrote `since`.
 */
const CLOCK_MARGIN_MS = 5000;
/**
 * Machines of ours may differ by more, such as one that has just woken up: so much further back is read, but only a few pages,
 * which hold a minute of any account that makes an asset or two a second.
 */
const CLOCKS_APART_MS = 60_000;
const MOST_PAGES_FOR_CLOCKS = 2;
/** Assumed largest difference between the provider's clock and ours, where its answers do not tell its time. */
const UNKNOWN_CLOCK_MS = 5 * 60_000;
/** Most pages read for a query without `since`. */
const MAX_UNBOUNDED_PAGES = 4;

/** How far back a list, newest first, has been read, and how far it is to go. */
export class ReadBack {
  private pagesLeft = Number.POSITIVE_INFINITY;
  /** When the newest asset so far was made, in epoch milliseconds by the provider's clock. */
  private newest: number | undefined;
  /** The same of the oldest of each page. */
  private readonly ends: (number | undefined)[] = [];
  private aheadMs: number | undefined;

  add({ items, page, totalPages, clockAheadMs }: AssetPage): void {
    this.newest ??= listedAt(items[0]);
    this.ends.push(listedAt(items.at(-1)));
    if (page !== undefined && totalPages) this.pagesLeft = Math.max(0, totalPages - page);
    if (clockAheadMs !== undefined) this.aheadMs = Math.min(clockAheadMs, this.aheadMs ?? clockAheadMs);
  }

  /** True if no page to come holds an asset of the query. */
  isPast({ since }: OwnershipQuery): boolean {
    if (since === undefined) return this.ends.length >= MAX_UNBOUNDED_PAGES;
    const oldest = this.ends.at(-1);
    if (oldest === undefined) return false;
    const bound = this.boundOf(since);
    return oldest < bound - CLOCKS_APART_MS || this.pagesPast(bound) > MOST_PAGES_FOR_CLOCKS;
  }

  /** How many more pages the query takes, 1 or more: as many assets a second are expected as in the pages so far. */
  pagesTo({ since }: OwnershipQuery): number {
    const { newest, ends } = this;
    const pages = ends.length;
    const oldest = ends.at(-1);
    if (since === undefined) return Math.max(1, MAX_UNBOUNDED_PAGES - pages);
    const readMs = newest === undefined || oldest === undefined ? 0 : newest - oldest;
    if (oldest === undefined || readMs <= 0) return Math.max(1, Math.min(pages, this.pagesLeft)); // nothing to go by yet
    const bound = this.boundOf(since);
    const pagesTo = (until: number): number => Math.max(0, Math.ceil(((oldest - until) / readMs) * pages));
    const forClocks = Math.max(0, MOST_PAGES_FOR_CLOCKS + 1 - this.pagesPast(bound));
    const pagesToGo = oldest < bound ? forClocks : pagesTo(bound) + MOST_PAGES_FOR_CLOCKS;
    return Math.max(1, Math.min(pagesToGo, pagesTo(bound - CLOCKS_APART_MS), this.pagesLeft));
  }

  /** The page in which the bound lies, and those behind it. */
  private pagesPast(bound: number): number {
    return this.ends.filter((end) => end !== undefined && end < bound).length;
  }

  /**
   * `since` may have been written by a machine whose clock is right where ours is behind: so a provider that seems ahead makes
   * no search shorter.
   */
  private boundOf(since: string): number {
    const differenceMs = this.aheadMs === undefined ? -UNKNOWN_CLOCK_MS : Math.min(0, this.aheadMs) - CLOCK_MARGIN_MS;
    return Date.parse(since) + differenceMs;
  }
}

/** The time by which lists are newest first. */
function listedAt(asset: ProviderAsset | undefined): number | undefined {
  const at = Date.parse(asset?.contentsAt ?? asset?.createdAt ?? '');
  return Number.isNaN(at) ? undefined : at;
}
