import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const DIST = path.resolve(__dirname, '../../../dist');

/** The product's own worker and workflows, except that a death is noticed after three seconds instead of minutes. */
export async function quickRetriesWorker(folder: string) {
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(DIST, 'src/workflows/index.js'),
    workflowInterceptorModules: [path.join(DIST, 'chaos/worker/quick-retries.js')],
    logger: new DefaultLogger('ERROR'),
  });
  const bundle = path.join(folder, 'quick-workflows.js');
  await writeFile(bundle, code);
  return { command: [path.join(DIST, 'chaos/worker/worker.js')], environment: { CHAOS_WORKFLOWS: bundle } };
}
