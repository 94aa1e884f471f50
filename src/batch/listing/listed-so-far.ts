import type { AcceptedBatch } from '../../contracts/batch/batch-input';
import {
  isRefused,
  type BatchIndex,
  type EntryPlace,
  type ListedEntry,
  type PageHead,
  type RefusedEntry,
} from '../../contracts/batch/listed-items';
import { pathOfSource } from '../../contracts/source-name';
import { declarationOf, placeOf, type Registry } from '../../providers/registry';
import { mergedInput } from '../merged-input';
import type { FoundItem } from './item-of-entry';
import { SeenTexts } from './seen-texts';

/** What has been listed of a batch: counts, and which keys and names are taken. */
export class ListedSoFar {
  items = 0;
  refused = 0;
  skipped = 0;
  /** Place of the last entry in its source. */
  last: EntryPlace | undefined;
  private bytes = 0;
  private withoutSize = 0;
  private readonly keys = new SeenTexts();
  private readonly names: SeenTexts | undefined;
  private readonly starts: [number, number, number][] = [];

  constructor(private readonly of: { batch: Pick<AcceptedBatch, 'provider' | 'each'>; registry: Registry }) {
    this.names = declarationOf(of.batch.provider, of.registry).traits.uniqueNames ? new SeenTexts() : undefined;
  }

  get pages(): number {
    return this.starts.length;
  }

  /** Gives an item its number, unless its key or name is taken. */
  number(found: FoundItem | RefusedEntry, number: number): ListedEntry {
    this.last = found.at;
    if ('refused' in found) return found;
    const taken = this.taken(found, number);
    if (taken === undefined) {
      if (found.sizeBytes === undefined) this.withoutSize += 1;
      return { item: number, ...found };
    }
    const { at, source } = found;
    return {
      at,
      ...(typeof at === 'number' ? { line: at } : {}),
      name: pathOfSource(source),
      refused: 'InvalidRequest',
      reason: taken,
    };
  }

  /** Why the item cannot be one beside those before it; else its key and name are taken from now on. */
  private taken({ key, filename, source, own = {} }: FoundItem, number: number): string | undefined {
    const sameKey = this.keys.add(key, number);
    if (sameKey !== undefined) return `key: item ${sameKey} of the batch has the same key`;
    if (!this.names || filename === '') return undefined;
    const { batch, registry } = this.of;
    const place = placeOf({ provider: batch.provider, fields: mergedInput(batch.each, own) }, registry);
    const sameName = this.names.add(JSON.stringify([place, filename]), number);
    if (sameName === undefined) return undefined;
    const remedy = source.type === 'asset' ? '' : '; give each.filename a template with {path}, or the item a filename';
    return `filename: item ${sameName} of the batch has the name "${filename}" too, and the provider keeps one asset of a name${remedy}`;
  }

  /** Takes a page that an earlier attempt has written. */
  takePage({ head, entries }: { head: PageHead; entries: readonly ListedEntry[] }): void {
    for (const entry of entries) {
      this.last = entry.at;
      if (isRefused(entry)) continue;
      this.taken(entry, entry.item);
      if (entry.sizeBytes === undefined) this.withoutSize += 1;
    }
    this.countPage(head);
  }

  countPage({ from, items, refused, skipped, bytes }: PageHead): void {
    this.items += items;
    this.refused += refused;
    this.skipped += skipped;
    this.bytes += bytes;
    this.starts.push([from, items, refused]);
  }

  index({ storeId, inFlight }: Pick<BatchIndex, 'storeId' | 'inFlight'>): BatchIndex {
    const { items, refused, skipped, bytes, withoutSize, starts: pages } = this;
    const { provider, each } = this.of.batch;
    return { storeId, provider, each, items, refused, skipped, bytes, withoutSize, inFlight, pages };
  }
}
