import type { LedgerTag } from '../../../src/contracts/resource';
import { tagFields } from '../../../src/contracts/resource';
import type { AssetPage, AssetQuery, ProviderAsset } from '../../../src/providers/assets';
import type { CallOptions } from '../../../src/providers/outcome';
import type { OwnershipQuery } from '../../../src/providers/intake';
import { pageAfter } from '../../../src/providers/shared/read-pages';

const tagOf = (key: string): LedgerTag => ({
  ...{ key, owner: 'o', workflowId: `w-${key}`, runId: 'r', onCancel: 'delete', onFailure: 'keep' },
});

/** The query of a key whose files have its name. @param since RFC 3339, or seconds before now */
export const queryOf = (key: string, since?: string | number): OwnershipQuery => ({
  tag: tagOf(key),
  filename: key,
  since: typeof since === 'number' ? secondsAgo(since) : since,
});

/** By this machine's clock. */
export const secondsAgo = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

/** A provider's list of assets, newest first, on numbered pages of ten, and what it was asked. */
export class AssetList {
  private readonly traits = { assetsPerPage: 10 };
  /** `page 1`, `a page 1`: the number of the page, after the name that it was narrowed by. */
  readonly asked: string[] = [];
  readonly signals: AbortSignal[] = [];
  clockAheadMs: number | undefined = 0;
  /** Runs when a page is asked for, before it is read. */
  onAsked: (words: string) => Promise<void> | void = () => {};
  private readonly held = new Map<string, ProviderAsset>();

  /** @param agoSeconds when it was made, before now; other keys' assets have their own names. */
  add(key: string, agoSeconds: number, id = key): void {
    const createdAt = secondsAgo(agoSeconds - (this.clockAheadMs ?? 0) / 1000);
    this.held.set(id, { id, status: 'ready', filename: key, createdAt, metadata: tagFields(tagOf(key)) });
  }

  /** One asset of nobody's interest every so many seconds. */
  addOthers(count: number, { from = 0, every }: { from?: number; every: number }): void {
    for (let nth = 0; nth < count; nth++) this.add(`other ${from} ${nth}`, from + nth * every);
  }

  remove(id: string): void {
    this.held.delete(id);
  }

  /** As a search takes it. */
  searched(narrows: boolean) {
    const { assets, traits } = this;
    return { assets, traits, narrows };
  }

  private readonly assets = {
    list: async (query: AssetQuery, { signal }: CallOptions = {}): Promise<AssetPage> => {
      const { from, page = Number(from ?? 1), pageSize = 10, filename } = query;
      const words = `${filename === undefined ? '' : `${filename} `}page ${page}`;
      this.asked.push(words);
      if (signal) this.signals.push(signal);
      await this.onAsked(words);
      signal?.throwIfAborted();
      const all = [...this.held.values()]
        .filter((asset) => filename === undefined || asset.filename === filename)
        .toSorted((one, other) => (other.createdAt ?? '').localeCompare(one.createdAt ?? ''));
      const items = all.slice((page - 1) * pageSize, page * pageSize);
      const totalPages = Math.ceil(all.length / pageSize);
      const next = pageAfter(page, { items, totalPages });
      return { items, next, page, totalPages, totalItems: all.length, clockAheadMs: this.clockAheadMs };
    },
  };
}

/** That many keys: `k0`, `k1` and so on. */
export const keys = (count: number): string[] => Array.from({ length: count }, (_, nth) => `k${nth}`);
