import path from 'node:path';
import { bundleQuickWorkflows } from '../../../scripts/quick-workflow-bundle';

const DIST = path.resolve(__dirname, '../../../dist');

/** The product's own worker and workflows, except that a death is noticed after three seconds instead of minutes. */
export async function quickRetriesWorker(folder: string) {
  const bundle = await bundleQuickWorkflows(folder);
  return { command: [path.join(DIST, 'chaos/worker/worker.js')], environment: { CHAOS_WORKFLOWS: bundle } };
}
