import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { madeOnce } from './made-once';

const SOURCES = path.resolve(__dirname, '../../../src');

/** Today's workflow code as workers take it. */
export async function todaysWorkflows(): Promise<WorkflowBundleWithSourceMap> {
  const workflowsPath = path.join(SOURCES, 'workflows/index.ts');
  return madeOnce('test-workflow-bundle', [SOURCES], () =>
    bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') }),
  );
}
