import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { packageRoot } from '../src/stack/package-root';

/** Bundles the built workflows so that a worker's death is noticed after three seconds. Gives the bundle's path. */
export async function bundleQuickWorkflows(folder: string): Promise<string> {
  const dist = path.join(packageRoot(), 'dist');
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(dist, 'src/workflows/index.js'),
    workflowInterceptorModules: [path.join(dist, 'chaos/worker/quick-retries.js')],
    logger: new DefaultLogger('ERROR'),
  });
  const file = path.join(folder, 'quick-workflows.js');
  await writeFile(file, code);
  return file;
}
