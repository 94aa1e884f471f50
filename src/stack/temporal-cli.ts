import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { goBuild } from './go-build';
import { packageRoot } from './package-root';
import {
  cacheFolder,
  exclusively,
  isExecutable,
  onPath,
  ProgramUnavailable,
  run,
  type Environment,
  type OnProgress,
} from './programs';

/** The release that `tools/temporal/go.mod` pins. */
const VERSION = '1.8.2';
const PACKAGE = 'github.com/temporalio/cli/cmd/temporal';

export interface TemporalCli {
  path: string;
  from: 'TEMPORAL_CLI_PATH' | 'PATH' | 'cache' | 'download' | 'Go build';
}

/**
 * Finds the Temporal CLI, whose dev server is the local Temporal server: `TEMPORAL_CLI_PATH`, PATH, the cache, the
 * SDK's own download, a build from Go modules (4 to 7 minutes on two cores, once).
 * @throws ProgramUnavailable saying what was tried and what to do.
 */
export async function resolveTemporalCli(environment: Environment, onProgress: OnProgress): Promise<TemporalCli> {
  const named = environment.TEMPORAL_CLI_PATH;
  if (named) {
    if (await canServe(named)) return { path: named, from: 'TEMPORAL_CLI_PATH' };
    throw new ProgramUnavailable(`TEMPORAL_CLI_PATH: ${named} is no Temporal CLI that can run "server start-dev"`);
  }
  const found = await onPath(['temporal'], environment);
  if (found && (await canServe(found))) return { path: found, from: 'PATH' };

  const folder = path.join(cacheFolder(environment), `temporal-cli-${VERSION}`);
  const built = path.join(folder, 'temporal');
  if (await isExecutable(built)) return { path: built, from: 'cache' };
  const downloaded = await newestDownload(folder);
  if (downloaded) return { path: downloaded, from: 'cache' };

  onProgress('the Temporal server is not here yet; trying to download it …');
  const refusal = await download(folder);
  const fetched = await newestDownload(folder);
  if (fetched) {
    onProgress(`downloaded; kept in ${folder}`);
    return { path: fetched, from: 'download' };
  }

  const go = await onPath(['go'], environment);
  if (!go) {
    throw new ProgramUnavailable(
      `no Temporal server: the download failed (${refusal}), and there is no Go to build it with; ` +
        'install the Temporal CLI or Go 1.26, or set TEMPORAL_CLI_PATH or TEMPORAL_ADDRESS',
    );
  }
  onProgress('no download here; building the Temporal server from Go modules, once (4 to 7 minutes on two cores)');
  await exclusively(path.join(folder, 'build.lock'), onProgress, async () => {
    if (await isExecutable(built)) return;
    const module = path.join(packageRoot(), 'tools/temporal');
    await goBuild({ go, module, package: PACKAGE, target: built, environment, onProgress });
  });
  onProgress(`built; kept in ${folder}`);
  return { path: built, from: 'Go build' };
}

const canServe = (file: string): Promise<boolean> =>
  run(file, ['server', 'start-dev', '--help'], { timeout: 20_000 }).then(
    () => true,
    () => false,
  );

/** Lets the SDK download its own server, which it also starts once. Gives the reason when that failed. */
async function download(folder: string): Promise<string | undefined> {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const { mkdir } = await import('node:fs/promises');
  await mkdir(folder, { recursive: true });
  try {
    const env = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'cached-download', version: `v${VERSION}`, downloadDir: folder } },
    });
    await env.teardown();
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? 'unknown') : String(error);
  }
}

async function newestDownload(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.toSorted().toReversed()) {
    const file = path.join(folder, name);
    if (name.startsWith('temporal-') && !name.endsWith('.tmp') && (await isExecutable(file))) return file;
  }
  return undefined;
}
