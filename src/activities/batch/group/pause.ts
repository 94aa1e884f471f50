import { createBatchFiles, type BatchFiles } from '../../../storage/batches/batch-files';
import type { ActivityDependencies } from '../../dependencies';

/** An answer is good for so long, since each item asks before it begins. */
const LOOK_EVERY_MS = 1000;

/** Whether a batch is paused. Its groups hear of it by a note in the store. */
export class Pause {
  private look: { isThere: Promise<boolean>; at: number } | undefined;
  private readonly files: BatchFiles;

  constructor({ owner, batches }: ActivityDependencies, { batchId }: { batchId: string }) {
    this.files = createBatchFiles(batches.files, { owner, batchId });
  }

  isThere(): Promise<boolean> {
    if (!this.look || Date.now() - this.look.at >= LOOK_EVERY_MS) {
      this.look = { isThere: this.files.isPaused(), at: Date.now() };
    }
    return this.look.isThere;
  }
}
