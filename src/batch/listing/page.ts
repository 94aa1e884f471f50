import type { ItemRange } from '../../contracts/batch/item-outcome';
import { isRefused, type ListedEntry, type ListedItem, type PageHead } from '../../contracts/batch/listed-items';

/** Most entries of a page; what a group reads of the store is a page or two. */
const MAX_ENTRIES = 1000;
/** A page with long entries ends earlier. */
const MAX_CHARS = 4 * 1024 ** 2;

/** A page of a batch's list as it is being filled. */
export class PageDraft {
  private readonly lines: string[] = [];
  private chars = 0;
  private items = 0;
  private refused = 0;
  private skipped = 0;
  /** Since the last entry: they belong to the next page, so that a listing that goes on there counts them once. */
  private skippedSince = 0;
  private bytes = 0;

  constructor(
    private readonly page: number,
    private readonly from: number,
  ) {}

  add(entry: ListedEntry): void {
    const line = JSON.stringify(entry);
    this.lines.push(line);
    this.chars += line.length;
    this.skipped += this.skippedSince;
    this.skippedSince = 0;
    if (isRefused(entry)) this.refused += 1;
    else {
      this.items += 1;
      this.bytes += entry.sizeBytes ?? 0;
    }
  }

  skip(): void {
    this.skippedSince += 1;
  }

  get isFull(): boolean {
    return this.lines.length >= MAX_ENTRIES || this.chars >= MAX_CHARS;
  }

  get isEmpty(): boolean {
    return this.lines.length === 0;
  }

  /** Entries that no glob asks for, behind the last one that is in the page. */
  get skippedAtEnd(): number {
    return this.skippedSince;
  }

  get head(): PageHead {
    const { page, from, items, refused, skipped, bytes } = this;
    return { page, from, items, refused, skipped, bytes };
  }

  text(): string {
    return [JSON.stringify(this.head), ...this.lines, ''].join('\n');
  }
}

/** A page that was written. */
export function readPage(content: string): { head: PageHead; entries: ListedEntry[] } {
  const [head, ...entries] = content.trimEnd().split('\n');
  return { head: JSON.parse(head ?? '') as PageHead, entries: entries.map((line) => JSON.parse(line) as ListedEntry) };
}

/** Those items of a page that are in the range; others are read only where lines that are no items lie between them. */
export function readItemsOfPage(content: string, { from, end }: ItemRange): ListedItem[] {
  const [first = '', ...lines] = content.trimEnd().split('\n');
  const head = JSON.parse(first) as PageHead;
  const at = (item: number): number => Math.max(item - head.from, 0);
  const some = head.refused === 0 ? lines.slice(at(from), at(end)) : lines;
  const entries = some.map((line) => JSON.parse(line) as ListedEntry);
  return entries.filter((entry): entry is ListedItem => !isRefused(entry) && from <= entry.item && entry.item < end);
}
