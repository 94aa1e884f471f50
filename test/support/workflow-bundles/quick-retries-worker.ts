import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { quickWorkflows } from '../../../scripts/quick-workflow-bundle';
import { madeOnce } from './made-once';

const DIST = path.resolve(__dirname, '../../../dist');

/** The product's own worker and workflows, except that a death is noticed after three seconds instead of minutes. */
export async function quickRetriesWorker(folder: string) {
  const sources = [path.join(DIST, 'src'), path.join(DIST, 'chaos/worker')];
  const code = await madeOnce('quick-workflow-bundle', sources, quickWorkflows);
  const bundle = path.join(folder, 'quick-workflows.js');
  await writeFile(bundle, code);
  return { command: [path.join(DIST, 'chaos/worker/worker.js')], environment: { CHAOS_WORKFLOWS: bundle } };
}
