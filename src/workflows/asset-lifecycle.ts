import { workflowInfo } from '@temporalio/workflow';
import { readEarlierRun } from '../contracts/messages';
import type { AssetResource } from '../contracts/resource';
import type { LifecycleInput } from '../providers/registry';
import type { LifecycleStatus } from '../contracts/lifecycle-status';
import { filenameOfSource } from '../contracts/source-name';
import { accept } from './lib/accept';
import { runBranch } from './lib/branches';
import { Lifecycle } from './lib/lifecycle';
import { sourceQueueOf, submitFrom } from './lib/submit-from';

/**
 * One asset from its source to a terminal outcome, or provably gone. At most 40 events with an `embed` branch.
 *
 * Signals: `cancel` `{reason?, cleanup?}`, `forceDelete` `{reason?}`. Query: `status`. Stopped by a signal it closes as
 * Completed with its receipt; by native cancellation as Canceled, with the receipt in the memo.
 * @throws InvalidRequest before anything is sent, naming the wrong field · any failure of `contracts/failures.ts`,
 *   with the {@link LifecycleStatus} as its details.
 */
export async function assetLifecycle(input: LifecycleInput): Promise<LifecycleStatus> {
  const life = new Lifecycle(await accept(input));
  try {
    await life.whileWanted(async () => {
      life.enter('creating');
      await submit(life);
      life.mark('createdAt');

      life.enter('processing');
      life.asset = await life.steps.untilAssetReady({ provider: life.input.provider, assetId: life.asset.id });
      life.mark('readyAt');

      life.enter('branching');
      await runBranch(life);
      await life.release();
    });
  } catch (error) {
    return await life.closeAfter(error);
  }
  return life.complete();
}

async function submit(life: Lifecycle): Promise<void> {
  const { provider, source, metadata, enableHls, enableThumbnail, upload } = life.input;
  const since = life.status.timings.startedAt;
  const filename = life.input.filename ?? (source.type === 'asset' ? undefined : filenameOfSource(source));
  const adopted = source.type === 'asset';
  const earlier = readEarlierRun(workflowInfo().memo);
  const made: AssetResource = { kind: 'asset', adopted, tag: life.tag, filename, since, earlierId: earlier?.assetId };
  if (adopted) made.id = source.assetId;
  const queue = await sourceQueueOf(life);
  const { tag } = life;
  const submission = { provider, source, filename, metadata, enableHls, enableThumbnail, upload, tag, since, earlier };
  const submitted = await life.making(made, () => submitFrom(queue, life, { made, submission }));
  const { abandoned = [], source: facts, ...asset } = submitted;
  life.asset = asset;
  life.status.source = facts;
  life.noteEnded(abandoned);
  made.id = asset.id;
  made.session = undefined; // if an earlier activity had left one, it is complete by now, or was given up
}
