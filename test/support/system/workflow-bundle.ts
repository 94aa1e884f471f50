import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleWithSourceMap } from '@temporalio/worker';

const ROOT = path.resolve(__dirname, '../../..');
const SOURCES = path.join(ROOT, 'src');
const CACHE = path.join(ROOT, 'node_modules/.cache/asset-lifecycle');

/**
 * Today's workflow code as workers take it. Bundling takes seconds of a processor, and many test files need it: it is made once for the
 * same sources.
 */
export async function todaysWorkflows(): Promise<WorkflowBundleWithSourceMap> {
  const file = path.join(CACHE, 'test-workflow-bundle.json');
  const sources = await digestOfSources();
  const made = await readMade(file);
  if (made?.sources === sources) return made.bundle;
  const workflowsPath = path.join(SOURCES, 'workflows/index.ts');
  const bundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  await mkdir(CACHE, { recursive: true });
  const mine = `${file}.${process.pid}`; // several files may be at it
  await writeFile(mine, JSON.stringify({ sources, bundle } satisfies Made));
  await rename(mine, file);
  return bundle;
}

interface Made {
  sources: string;
  bundle: WorkflowBundleWithSourceMap;
}

async function readMade(file: string): Promise<Made | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Made;
  } catch {
    return undefined;
  }
}

/** Changes with every edit of a source, and with the libraries. */
async function digestOfSources(): Promise<string> {
  const entries = await readdir(SOURCES, { recursive: true });
  const files = entries.filter((name) => name.endsWith('.ts')).map((name) => path.join(SOURCES, name));
  const hash = createHash('sha256');
  for (const file of [...files.toSorted(), path.join(ROOT, 'package-lock.json')]) {
    const { mtimeMs, size } = await stat(file);
    hash.update(JSON.stringify([file, mtimeMs, size]));
  }
  return hash.digest('hex');
}
