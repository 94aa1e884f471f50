import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowNotFoundError, type WorkflowExecutionDescription } from '@temporalio/client';
import { itemsOf, readIndex, type BatchItem } from '../../batch/read-batch';
import type { ItemBranch, ItemOutcome } from '../../contracts/batch/item-outcome';
import { isOutcome, type BranchStatus, type KeyBranch, type LifecycleStatus } from '../../contracts/lifecycle-status';
import { BatchNotFound, InvalidInput, LifecycleNotFound } from '../../temporal/errors';
import { closedStatus } from '../../temporal/runs/lifecycle-runs';
import type { LifecycleCalls } from '../lifecycle-calls';
import type { ClientStore } from './client-store';

/** A key that an item of a batch works on, or was the last to. */
export interface KeyItem {
  key: string;
  batchId: string;
  item: number;
  /** Of its group. */
  workflowId: string;
  /** What is known of it. */
  record: ItemOutcome;
  /** Its group is open, and it has not ended. */
  isOpen: boolean;
  /** Its group is open. */
  groupIsOpen: boolean;
  /** RFC 3339: when it took the key. */
  claimedAt: string;
}

type KeyItemRef = Pick<KeyItem, 'key' | 'batchId' | 'item' | 'workflowId' | 'claimedAt'>;

/** Where a key is: a lifecycle of its own, or an item of a batch. */
export type KeyPlace = { run: WorkflowExecutionDescription } | { item: KeyItem };

const WATCH_EVERY_MS = 2000;

/** Finds items of batches by their keys: who worked on a key last says the claim in the workers' store. */
export class BatchItems {
  constructor(
    private readonly calls: LifecycleCalls,
    private readonly store: ClientStore,
  ) {}

  /**
   * Where the key is now, or was last. A run that found the key in use never had it: the item that has it counts, also while
   * that run is open. A client without a store knows lifecycles of their own only.
   * @throws LifecycleNotFound
   */
  async locate(key: string): Promise<KeyPlace> {
    const run = await this.ownRun(key);
    if (run?.status.name === 'RUNNING') {
      const holder = await this.find(key).catch(() => undefined); // an open run is told of without a store too
      return holder?.isOpen ? { item: holder } : { run };
    }
    const { item, because } = await this.findOrWhyNot(key);
    if (item && (!run || (await this.isAfter(item, run)))) return { item };
    if (run) return { run };
    const looked = because === undefined ? '' : `; whether a batch has it could not be looked up: ${because}`;
    throw new LifecycleNotFound(`no lifecycle has the key "${key}"${looked}`);
  }

  /** In the shape of a lifecycle's status. */
  status(found: KeyItem): LifecycleStatus {
    const { key, batchId, item, record, isOpen } = found;
    const { phase, outcome, asset, branches = [], error, receipt, reason, source, ingestion } = record;
    const [branch] = branches;
    const status: LifecycleStatus = {
      ...{ key, provider: this.calls.provider, phase, outcome, batch: { batchId, item }, source, ingestion, asset },
      ...(branch && { branch: withoutInput(branch) }),
      ...(branches.length > 1 && { branches: keyBranches(branches) }),
      ...{ receipt, error, reason, timings: timingsOf(record.startedAt ?? found.claimedAt, record.endedAt) },
    };
    if (isOpen || isOutcome(phase)) return status;
    const message = `batch "${batchId}" ended before this item did; "batch retry" takes it up`;
    return { ...status, phase: 'failed', outcome: 'failed', error: error ?? { type: 'Unexpected', message } };
  }

  /**
   * Every change of an item's status to its end.
   * @returns false once a lifecycle of its own has the key, or had it last: that one goes on with it.
   * @throws the signal's reason
   */
  async *watch(key: string, signal: AbortSignal | undefined): AsyncGenerator<LifecycleStatus, boolean> {
    let shown = '';
    for (;;) {
      signal?.throwIfAborted();
      const place = await this.locate(key);
      if (!('item' in place)) return false;
      const status = this.status(place.item);
      const now = JSON.stringify(status);
      if (now !== shown) yield status;
      shown = now;
      if (status.outcome) return true;
      await delay(WATCH_EVERY_MS, undefined, { signal });
    }
  }

  /** The item as it was listed, with the input that a single start of it has. @throws BatchNotFound */
  async listed({ batchId, item }: Pick<KeyItem, 'batchId' | 'item'>): Promise<BatchItem> {
    const { files } = await this.store.batch(batchId);
    if ((await files.index()) !== undefined) {
      for await (const one of itemsOf(files, await readIndex(files), { from: item, end: item + 1 })) return one;
    }
    throw new BatchNotFound(
      `batch "${batchId}" is not in ${files.uri} any more, so that its item ${item} cannot be read`,
    );
  }

  private async isAfter(item: KeyItem, run: WorkflowExecutionDescription): Promise<boolean> {
    if (item.isOpen || item.claimedAt >= (run.closeTime?.toISOString() ?? '')) return true;
    if (run.status.name !== 'FAILED') return false;
    return isKeyInUse(await this.calls.withClientErrors(() => closedStatus(this.calls.client, run), item.key));
  }

  private async ownRun(key: string): Promise<WorkflowExecutionDescription | undefined> {
    try {
      return await this.calls.describeRun(key);
    } catch (error) {
      if (error instanceof LifecycleNotFound) return undefined;
      throw error;
    }
  }

  /** The store is not needed for a lifecycle of its own: one that cannot be reached is told of only where it matters. */
  private async findOrWhyNot(key: string): Promise<{ item?: KeyItem; because?: string }> {
    try {
      return { item: await this.find(key) };
    } catch (error) {
      if (error instanceof InvalidInput) throw error;
      return { because: (error as Error).message };
    }
  }

  /** The item that was the last to have the key. */
  async find(key: string): Promise<KeyItem | undefined> {
    const claim = await this.store.holderOf(key);
    const { workflowId, batchId, item } = claim?.by ?? {};
    if (!claim || workflowId === undefined || batchId === undefined || item === undefined) return undefined;
    return this.read({ key, batchId, item, workflowId, claimedAt: claim.at });
  }

  /** What is known of an item now, whoever has its key. */
  async read({ key, batchId, item, workflowId, claimedAt }: KeyItemRef): Promise<KeyItem> {
    const groupIsOpen = await this.isOpen(workflowId); // first: a group that ends meanwhile has written its outcomes
    const { outcomes } = await this.store.batch(batchId);
    const record = (await outcomes.ofItem(item)) ?? { item, key, phase: 'pending' as const };
    const isOpen = groupIsOpen && record.outcome === undefined;
    return { key, batchId, item, workflowId, record, isOpen, groupIsOpen, claimedAt };
  }

  private async isOpen(workflowId: string): Promise<boolean> {
    try {
      return (await this.calls.client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      return this.calls.withClientErrors<never>(() => Promise.reject(error));
    }
  }
}

/** True of a run that was refused since somebody else was at work on its key. */
export const isKeyInUse = ({ outcome, error }: LifecycleStatus): boolean =>
  outcome === 'failed' && error?.type === 'KeyInUse';

const withoutInput = ({ input: _input, ...branch }: ItemBranch): BranchStatus => branch;

const keyBranches = (branches: readonly ItemBranch[]): KeyBranch[] =>
  branches.map((one) => ({ ...one, input: one.input ?? { type: one.type } }));

function timingsOf(startedAt: string, closedAt: string | undefined): LifecycleStatus['timings'] {
  if (closedAt === undefined) return { startedAt };
  return { startedAt, closedAt, elapsedSec: (Date.parse(closedAt) - Date.parse(startedAt)) / 1000 };
}
