import type { GroupInput } from '../../../contracts/batch/groups';
import type { ItemOutcome } from '../../../contracts/batch/item-outcome';
import { createBatchFiles, type BatchFiles } from '../../../storage/batches/batch-files';
import type { ActivityDependencies } from '../../dependencies';

/** The first failure of a batch that starts nothing after it. Groups hear of it by a note in the store. */
export class FirstFailure {
  /** An item of this group has failed. */
  isNoted = false;
  private isTold = false;
  private isKnown = false;
  private looking: Promise<boolean> | undefined;
  private readonly files: BatchFiles;

  constructor(
    { owner, batches }: ActivityDependencies,
    private readonly group: Pick<GroupInput, 'batchId' | 'start' | 'stopsAtFailure'>,
  ) {
    this.files = createBatchFiles(batches.files, { owner, batchId: group.batchId });
  }

  /** An item of this group has failed. @returns true if the other groups are to be told of it */
  note(): boolean {
    const isFirst = this.group.stopsAtFailure && !this.isKnown && !this.isNoted;
    this.isNoted = true;
    return isFirst;
  }

  /** Tells the other groups, once the item's outcome is in the store. Safe to repeat. */
  async tell(): Promise<void> {
    this.isNoted = true;
    if (!this.group.stopsAtFailure || this.isTold) return;
    await this.files.noteFailure(this.group.start);
    this.isTold = true;
  }

  /** Whether nothing more is to be started. Those who ask at the same moment share the request. */
  async isThere(): Promise<boolean> {
    if (!this.group.stopsAtFailure) return false;
    if (this.isNoted || this.isKnown) return true;
    this.looking ??= this.files.hasFailure(this.group.start).finally(() => (this.looking = undefined));
    const isThere = await this.looking;
    this.isKnown ||= isThere;
    return this.isNoted || this.isKnown;
  }
}

/** What was stopped by itself has not failed. */
export const hasFailed = ({ phase, outcome, work }: ItemOutcome): boolean =>
  outcome === 'failed' || (phase === 'cleaning' && work?.stop === undefined);
