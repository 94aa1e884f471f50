import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../src/contracts/activities';
import { callTaskQueue, waitTaskQueue } from '../src/contracts/ids';
import type { EmbeddingResult } from '../src/contracts/lifecycle-status';

const calls = proxyActivities<Activities>({ taskQueue: callTaskQueue('twelvelabs'), startToCloseTimeout: '10m' });
const waits = proxyActivities<Activities>({ taskQueue: waitTaskQueue('twelvelabs'), startToCloseTimeout: '2h' });

/** The yardstick: the same activities in the same order, and nothing else. */
export async function bareChain({ key, path }: { key: string; path: string }): Promise<EmbeddingResult> {
  const provider = 'twelvelabs' as const;
  const asset = await calls.submitSource({
    provider,
    source: { type: 'file', path },
    filename: `${key}.jpg`,
    metadata: {},
    enableHls: false,
    enableThumbnail: false,
    tag: { key, workflowId: key, onCancel: 'delete' },
    since: new Date().toISOString(),
  });
  const ready = await waits.untilAssetReady({ provider, assetId: asset.id });
  const { taskId } = await calls.ensureEmbedding({
    provider,
    assetId: ready.id,
    fileType: ready.fileType,
    filename: ready.filename,
    branch: { type: 'embed', model: 'marengo3.0' },
  });
  await waits.untilEmbeddingReady({ provider, taskId });
  const { result } = await calls.storeEmbedding({ provider, taskId, resultName: key });
  return result;
}
