/** Everything the workflow bundle contains. */
export { assetLifecycle } from './asset-lifecycle';
