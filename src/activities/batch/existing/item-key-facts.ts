import type { Claimant, KeyClaim } from '../../../contracts/batch/key-claim';
import type { ProviderAsset } from '../../../providers/assets';
import type { KeyFacts } from '../../ownership/key-facts';
import type { GroupKeyFacts } from './group-key-facts';

/** What a group knows of the key of one of its items. */
export class ItemKeyFacts implements KeyFacts {
  private before: KeyClaim | undefined;

  constructor(
    private readonly group: GroupKeyFacts,
    private readonly item: number,
  ) {}

  isOpen(by: Claimant): Promise<boolean> {
    return this.group.isOpen(by);
  }

  claimed(before: KeyClaim | undefined): void {
    this.before = before;
  }

  existing(): Promise<ProviderAsset[] | undefined> {
    return this.group.existing(this.item, this.before);
  }
}
