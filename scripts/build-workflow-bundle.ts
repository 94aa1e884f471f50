import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** Bundles the workflows ahead of time, so that a worker starts at once and runs exactly what was tested. */
async function main(): Promise<void> {
  const dist = path.resolve(__dirname, '..');
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(dist, 'src/workflows/index.js'),
    logger: new DefaultLogger('WARN'),
  });
  await writeFile(path.join(dist, 'workflow-bundle.js'), code);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
