import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { packageRoot } from '../src/stack/package-root';

/** The code of the built workflows, except that a worker's death is noticed after three seconds. */
export async function quickWorkflows(): Promise<string> {
  const dist = path.join(packageRoot(), 'dist');
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(dist, 'src/workflows/index.js'),
    workflowInterceptorModules: [path.join(dist, 'chaos/worker/quick-retries.js')],
    logger: new DefaultLogger('ERROR'),
  });
  return code;
}
