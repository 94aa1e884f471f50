import type { LifecycleStatus } from '../contracts/lifecycle-status';
import { accept } from './lib/accept';
import { close, closeAfter } from './lib/lifecycle/close';
import { Lifecycle } from './lib/lifecycle/lifecycle';
import { runBranches } from './lib/lifecycle/run-branches';
import { submitSource } from './lib/lifecycle/submit-source';
import { untilAssetReady } from './lib/lifecycle/until-asset-ready';

/**
 * One asset from its source to a terminal outcome, or provably gone. At most 40 events with one branch.
 *
 * Signals: `cancel` `{reason?, cleanup?}`, `forceDelete` `{reason?}`. Query: `status`. Stopped by a signal it closes as
 * Completed with its receipt; by native cancellation as Canceled, with the receipt in the memo.
 * @param input the lifecycle's input, checked before anything else happens.
 * @throws InvalidRequest before anything is sent, naming the wrong field · any failure of `contracts/failures.ts`,
 *   with the {@link LifecycleStatus} as its details.
 */
export async function assetLifecycle(input: unknown): Promise<LifecycleStatus> {
  const life = new Lifecycle(await accept(input));
  try {
    await life.stops.whileWanted(async () => {
      life.enter('creating');
      await submitSource(life);
      life.mark('createdAt');

      life.enter('processing');
      await untilAssetReady(life);
      life.mark('readyAt');

      life.enter('branching');
      await runBranches(life);
      await life.release();
    });
  } catch (error) {
    return await closeAfter(life, error);
  }
  return close(life, 'completed');
}
