import type { Claimant, KeyClaim } from '../../../contracts/batch/key-claim';
import type { GroupStepInput } from '../../../contracts/batch/groups';
import type { ItemOutcome, ItemRange } from '../../../contracts/batch/item-outcome';
import type { ListedItem } from '../../../contracts/batch/listed-items';
import { readTag } from '../../../contracts/resource';
import type { ProviderAsset } from '../../../providers/assets';
import { createFoundRecords } from '../../../storage/batches/found-assets';
import { createItemOutcomes } from '../../../storage/batches/item-outcomes';
import type { ActivityDependencies } from '../../dependencies';
import type { RunEnd } from '../../lifecycle-runs';
import type { KeyFacts } from '../../ownership/key-facts';

/** What a turn of one item knows of its key. */
export interface ItemKeyFacts extends KeyFacts {
  /** Whether {@link KeyFacts.found} was told. */
  wasFound(): boolean;
}

/** The clocks of the worker that ended an item and of the one that walked over the list may differ this much. */
const CLOCKS_APART_MS = 60_000;
/** Temporal keeps a closed run for an hour at least: one that it knows no more after less was deleted by somebody. */
const LEAST_RETENTION_MS = 60 * 60_000;

/** What a group asks for all of its keys together, so that no item asks alone. */
export class GroupKeyFacts {
  private readonly open = new Map<string, Promise<boolean>>();
  private readonly ends = new Map<string, Promise<RunEnd | undefined>>();
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

  /**
   * That an item has ended holds until it is removed, so its slice is read once for all; one that had not ended then, or is being
   * removed, is read again.
   */
  private async outcomeOf({ batchId, item, removes }: Claimant): Promise<ItemOutcome | undefined> {
    if (batchId === undefined || item === undefined) return undefined;
    const { owner, batches } = this.deps;
    const outcomes = createItemOutcomes(batches.files, { owner, batchId });
    if (removes) return outcomes.ofItem(item);
    const known = await outcomes.ofItem(item, {
      slices: () => once(this.slices, batchId, () => outcomes.slices()),
      read: (slice) => once(this.outcomes, `${slice.from} ${slice.end} ${batchId}`, () => outcomes.read(slice)),
    });
    return known?.outcome !== undefined ? known : outcomes.ofItem(item);
  }

  /**
   * The assets of the key as the walk found them. Only where nobody who had the key can have changed that since; else nobody
   * knows, and the provider is asked.
   */
  private async existing(item: number, before: KeyClaim | undefined): Promise<ProviderAsset[] | undefined> {
    const { found } = this.group;
    if (!found) return undefined;
    if (!before || (await this.hadEnded(before, found.since))) {
      return (await this.walked(found.name)).get(item) ?? (found.complete ? [] : undefined);
    }
    const isForgotten = (await this.endOf(before)) === 'forgotten';
    if (!isForgotten || Date.parse(found.since) - Date.parse(before.at) < LEAST_RETENTION_MS) return undefined;
    const assets = (await this.walked(found.name)).get(item);
    return assets?.every((asset) => wasLetGoBy(before.by, asset)) ? assets : undefined;
  }

  private walked(name: string): Promise<Map<number, ProviderAsset[]>> {
    const { from, end, batchId } = this.group;
    const { owner, batches } = this.deps;
    return once(this.found, name, () =>
      createFoundRecords<ProviderAsset>(batches.files, { owner, batchId }, name).read({ from, end }),
    );
  }

  /** Of an item its outcome tells as well: that is kept for longer than its group's run. */
  private async hadEnded({ by }: KeyClaim, since: string): Promise<boolean> {
    const end = await this.endOf({ by });
    if (end !== undefined && end !== 'forgotten') return Date.parse(end.at) < Date.parse(since);
    const { outcome, endedAt = '' } = (await this.outcomeOf(by)) ?? {};
    return outcome !== undefined && Date.parse(endedAt) + CLOCKS_APART_MS < Date.parse(since);
  }

  private endOf({ by }: Pick<KeyClaim, 'by'>): Promise<RunEnd | undefined> {
    // a lifecycle's later runs claim nothing anew; those of a group do
    const runId = by.item === undefined ? undefined : by.runId;
    return once(this.ends, nameOf(by), () => this.deps.runs.endOf(by.workflowId, runId));
  }
}

/** Its release mark is the last thing that a run changes of its asset. */
function wasLetGoBy({ workflowId }: Claimant, { metadata }: ProviderAsset): boolean {
  const tag = readTag(metadata);
  return tag?.workflowId === workflowId && tag.released !== undefined;
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
