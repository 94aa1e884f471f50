import { CancellationScope, getExternalWorkflowHandle, ParentClosePolicy, startChild } from '@temporalio/workflow';
import { TypedSearchAttributes, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { GroupInput } from '../../../contracts/batch/groups';
import type { ItemRange } from '../../../contracts/batch/item-outcome';
import { ASSET_GROUP, groupWorkflowId, SEARCH_ATTRIBUTES } from '../../../contracts/ids';

/** Starts of groups: of those under way the server has not said yet whether the group runs. */
export class GroupStarts {
  private readonly underWay = new Map<number, Promise<boolean>>();

  get areConfirmed(): boolean {
    return this.underWay.size === 0;
  }

  /**
   * Starts a group, which outlives this run of its batch.
   * @returns false if a group of that id runs already: it will tell its end.
   */
  async start(input: GroupInput): Promise<boolean> {
    const started = startGroup(input);
    this.underWay.set(input.from, started);
    const isNew = await started;
    this.underWay.delete(input.from);
    return isNew;
  }

  isConfirmed(from: number): boolean {
    return !this.underWay.has(from);
  }

  /** Waits for the start of the group at that item, if one is under way: before, no signal finds the group. */
  async confirmed(from: number): Promise<void> {
    await this.underWay.get(from);
  }

  /** Signals a group, once it runs. */
  async tell(batchId: string, { from }: ItemRange, signal: string): Promise<void> {
    await this.confirmed(from);
    await signalGroup(batchId, from, signal);
  }

  async allConfirmed(): Promise<void> {
    await Promise.all(this.underWay.values());
  }
}

/** A group that has ended does not mind. */
export async function signalGroup(batchId: string, from: number, signal: string, ...args: unknown[]): Promise<void> {
  const group = getExternalWorkflowHandle(groupWorkflowId(batchId, from));
  await CancellationScope.nonCancellable(() => group.signal(signal, ...args)).catch(() => {});
}

async function startGroup(input: GroupInput): Promise<boolean> {
  const { batchId, provider, from, end } = input;
  try {
    await CancellationScope.nonCancellable(() =>
      startChild(ASSET_GROUP, {
        workflowId: groupWorkflowId(batchId, from),
        args: [input],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        staticSummary: `${batchId} · items ${from} to ${end - 1}`,
        typedSearchAttributes: new TypedSearchAttributes([
          { key: SEARCH_ATTRIBUTES.batch, value: batchId },
          { key: SEARCH_ATTRIBUTES.provider, value: provider },
        ]),
      }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return false;
  }
}
