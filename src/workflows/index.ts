/** Everything the workflow bundle contains. */
export { assetDeletion } from './asset-deletion';
export { assetLifecycle } from './asset-lifecycle';
export { orphanSweep } from './orphan-sweep';
