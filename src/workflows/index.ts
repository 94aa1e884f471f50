/** Everything the workflow bundle contains. */
export { assetBatch } from './asset-batch';
export { assetBatchDeletion } from './asset-batch-deletion';
export { assetDeletion } from './asset-deletion';
export { assetGroup } from './asset-group';
export { assetLifecycle } from './asset-lifecycle';
export { orphanSweep } from './orphan-sweep';
