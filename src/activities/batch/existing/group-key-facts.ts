import type { Claimant, KeyClaim } from '../../../contracts/batch/key-claim';
import type { GroupInput } from '../../../contracts/batch/groups';
import type { ProviderAsset } from '../../../providers/assets';
import { createFoundRecords } from '../../../storage/batches/found-assets';
import type { ActivityDependencies } from '../../dependencies';
import { ItemKeyFacts } from './item-key-facts';

/** What a group asks for all of its keys together, so that no item asks alone. */
export class GroupKeyFacts {
  private readonly open = new Map<string, Promise<boolean>>();
  private readonly ends = new Map<string, Promise<string | undefined>>();
  private readonly found = new Map<string, Promise<Map<number, ProviderAsset[]>>>();

  constructor(
    private readonly deps: ActivityDependencies,
    private readonly group: GroupInput,
  ) {}

  of(item: number): ItemKeyFacts {
    return new ItemKeyFacts(this, item);
  }

  /** That a run is closed holds for all of its items; an open one is asked for again. */
  async isOpen(by: Claimant): Promise<boolean> {
    const isOpen = await once(this.open, nameOf(by), () => this.deps.runs.isOpen(by.workflowId));
    if (isOpen) this.open.delete(nameOf(by));
    return isOpen;
  }

  /**
   * The assets of the key as the walk found them. Only where nobody who had the key can have made one since; else nobody
   * knows, and the provider is asked.
   */
  async existing(item: number, before: KeyClaim | undefined): Promise<ProviderAsset[] | undefined> {
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
