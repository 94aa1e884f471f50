import { carriesTag } from '../../../contracts/resource';
import type { ProviderAsset } from '../../assets';
import type { OwnershipQuery } from '../../intake';

/** The search for one query. It ends once: with what was found, or with an error. */
export class Look {
  /** Oldest first. */
  readonly result: Promise<ProviderAsset[]>;
  private readonly found = new Map<string, ProviderAsset>();
  private ended = false;
  private resolve!: (assets: ProviderAsset[]) => void;
  private reject!: (error: unknown) => void;

  constructor(readonly query: OwnershipQuery) {
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  get isOpen(): boolean {
    return !this.ended;
  }

  /** Takes what is its own of a page; pages come newest first. */
  take(assets: readonly ProviderAsset[]): void {
    for (const asset of assets) if (carriesTag(asset.metadata, this.query.tag)) this.found.set(asset.id, asset);
  }

  /** The list is read again from its beginning. */
  startAgain(): void {
    this.found.clear();
  }

  end(): void {
    this.ended = true;
    this.resolve([...this.found.values()].toReversed());
  }

  fail(error: unknown): void {
    this.ended = true;
    this.reject(error);
  }
}
