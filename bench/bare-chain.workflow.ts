import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../src/contracts/activities';
import { callTaskQueue, waitTaskQueue } from '../src/contracts/ids';
import type { EmbeddingResult } from '../src/contracts/lifecycle-status';

/**
 * The yardstick: five activities in the order of an `embed` lifecycle, and nothing else. The model is one that embeds
 * images by a task as well, so that the chain has as many steps as it had when the goal was set.
 */
export async function bareChain({
  provider,
  key,
  path,
}: {
  provider: string;
  key: string;
  path: string;
}): Promise<EmbeddingResult> {
  const calls = proxyActivities<Activities>({ taskQueue: callTaskQueue(provider), startToCloseTimeout: '10m' });
  const waits = proxyActivities<Activities>({ taskQueue: waitTaskQueue(provider), startToCloseTimeout: '2h' });
  const tag = { key, workflowId: key, runId: key, onCancel: 'delete', onFailure: 'keep' } as const;
  const asset = await calls.submitSource({
    provider,
    source: { type: 'file', path },
    filename: `${key}.jpg`,
    metadata: {},
    fields: { enableHls: false, enableThumbnail: false },
    upload: { method: 'auto', concurrency: 4 },
    branches: [],
    preflight: false,
    tag,
    since: new Date().toISOString(),
  });
  if ('pending' in asset) throw new Error('the chain is to have an asset');
  const ready = await waits.untilAssetReady({ provider, assetId: asset.id });
  if ('failed' in ready) throw new Error(ready.failed.message);
  const { handle } = await calls.startBranch({
    provider,
    assetId: ready.id,
    fileType: ready.fileType,
    filename: ready.filename,
    branch: { type: 'embed', model: 'marengo3.5' },
    tag,
  });
  if (!handle) throw new Error('the chain is to wait for a task');
  await waits.untilBranchReady({ provider, handle });
  const { result } = await calls.storeRecords({ provider, branch: 'embed', handle, resultName: key });
  return result;
}
