import type { Claimant, KeyClaim } from '../../../contracts/batch/key-claim';
import type { GroupStepInput } from '../../../contracts/batch/groups';
import type { ItemOutcome, ItemRange } from '../../../contracts/batch/item-outcome';
import type { ListedItem } from '../../../contracts/batch/listed-items';
import type { ProviderAsset } from '../../../providers/assets';
import { createFoundRecords } from '../../../storage/batches/found-assets';
import { createItemOutcomes } from '../../../storage/batches/item-outcomes';
import type { ActivityDependencies } from '../../dependencies';
import type { KeyFacts } from '../../ownership/key-facts';

/** What a turn of one item knows of its key. */
export interface ItemKeyFacts extends KeyFacts {
  /** Whether {@link KeyFacts.found} was told. */
  wasFound(): boolean;
}

/** What a group asks for all of its keys together, so that no item asks alone. */
export class GroupKeyFacts {
  private readonly open = new Map<string, Promise<boolean>>();
  private readonly ends = new Map<string, Promise<string | undefined>>();
  private readonly slices = new Map<string, Promise<ItemRange[]>>();
  private readonly outcomes = new Map<string, Promise<Map<number, ItemOutcome>>>();
  private readonly found = new Map<string, Promise<Map<number, ProviderAsset[]>>>();
  private readonly claimed = new Set<number>();

  constructor(
    private readonly deps: ActivityDependencies,
    private readonly group: GroupStepInput,
  ) {}

  /** Claims keys that nobody ever had, in little more time than one takes. */
  async claimNew(items: readonly ListedItem[]): Promise<void> {
    const { owner, batches } = this.deps;
    const { provider, batchId, workflowId, runId } = this.group;
    const keys = items.map(({ item, key }) => ({ owner, provider, key, item }));
    const claimed = await batches.claims.claimNew(keys, { workflowId, runId, batchId });
    for (const item of claimed) this.claimed.add(item);
  }

  of(item: number): ItemKeyFacts {
    let claimedBefore: KeyClaim | undefined;
    let wasFound = false;
    return {
      found: () => void (wasFound = true),
      wasFound: () => wasFound,
      isClaimed: this.claimed.has(item),
      isOpen: (by) => this.isOpen(by),
      outcomeOf: (by) => this.outcomeOf(by),
      claimed: (before) => void (claimedBefore = before),
      existing: () => this.existing(item, claimedBefore),
    };
  }

  /** That a run is closed holds for all of its items; an open one is asked for again. */
  private async isOpen(by: Claimant): Promise<boolean> {
    const isOpen = await once(this.open, nameOf(by), () => this.deps.runs.isOpen(by.workflowId));
    if (isOpen) this.open.delete(nameOf(by));
    return isOpen;
  }

  /** That an item has ended holds, so its slice is read once for all; one that had not ended then is read again. */
  private async outcomeOf({ batchId, item }: Claimant): Promise<ItemOutcome | undefined> {
    if (batchId === undefined || item === undefined) return undefined;
    const { owner, batches } = this.deps;
    const outcomes = createItemOutcomes(batches.files, { owner, batchId });
    const known = await outcomes.ofItem(item, {
      slices: () => once(this.slices, batchId, () => outcomes.slices()),
      read: (slice) => once(this.outcomes, `${slice.from} ${slice.end} ${batchId}`, () => outcomes.read(slice)),
    });
    return known?.outcome !== undefined ? known : outcomes.ofItem(item);
  }

  /**
   * The assets of the key as the walk found them. Only where nobody who had the key can have made one since; else nobody
   * knows, and the provider is asked.
   */
  private async existing(item: number, before: KeyClaim | undefined): Promise<ProviderAsset[] | undefined> {
    const { found, from, end, batchId } = this.group;
    if (!found || !(await this.hadEnded(before, found.since))) return undefined;
    const { owner, batches } = this.deps;
    const assets = await once(this.found, found.name, () =>
      createFoundRecords<ProviderAsset>(batches.files, { owner, batchId }, found.name).read({ from, end }),
    );
    return assets.get(item) ?? (found.complete ? [] : undefined);
  }

  private async hadEnded(before: KeyClaim | undefined, since: string): Promise<boolean> {
    if (!before) return true;
    const { by } = before;
    // a lifecycle's later runs claim nothing anew; those of a group do
    const runId = by.item === undefined ? undefined : by.runId;
    const end = await once(this.ends, nameOf(by), () => this.deps.runs.endOf(by.workflowId, runId));
    return end !== undefined && Date.parse(end) < Date.parse(since);
  }
}

const nameOf = ({ workflowId, runId = '' }: Claimant): string => `${runId} ${workflowId}`;

/** A failure is not remembered. */
function once<T>(known: Map<string, Promise<T>>, name: string, ask: () => Promise<T>): Promise<T> {
  let asked = known.get(name);
  if (!asked) {
    asked = ask();
    known.set(name, asked);
    asked.catch(() => known.delete(name));
  }
  return asked;
}
