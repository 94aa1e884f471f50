import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../../src/stack/package-root';
import { cacheFolder, exclusively, isExecutable, onPath, ProgramUnavailable, run } from '../../src/stack/programs';
import type { Environment, OnProgress } from '../../src/stack/programs';

const VERSION = '1.31.0';

/** The time-skipping test server: `TEMPORAL_TEST_SERVER_PATH`, the cache, the SDK's download, or Maven Central. */
export async function findTestServer(environment: Environment, onProgress: OnProgress): Promise<string> {
  if (environment.TEMPORAL_TEST_SERVER_PATH) return environment.TEMPORAL_TEST_SERVER_PATH;
  const folder = path.join(cacheFolder(environment), `temporal-test-server-${VERSION}`);
  const wrapper = path.join(folder, 'test-server');
  if (await isExecutable(wrapper)) return wrapper;
  const downloaded = (await newest(folder)) ?? (await download(folder, onProgress));
  if (downloaded) return downloaded;

  const maven = await onPath(['mvn'], environment);
  const java = await onPath(['java'], environment);
  if (!maven || !java) {
    throw new ProgramUnavailable(
      'no time-skipping test server: its download failed, and Maven with Java 17 is not here to fetch it; ' +
        'install them, or set TEMPORAL_TEST_SERVER_PATH',
    );
  }
  onProgress('no download here; fetching the time-skipping test server with Maven (33 MB)');
  await exclusively(path.join(folder, 'fetch.lock'), onProgress, async () => {
    if (await isExecutable(wrapper)) return;
    const jars = path.join(folder, 'jars');
    const pom = path.join(packageRoot(), 'tools/temporal-test-server/pom.xml');
    await run(maven, ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`]);
    const script = `#!/bin/sh\nexec '${java}' -Xmx512m -cp '${jars}/*' io.temporal.testserver.TestServer "$@"\n`;
    await writeFile(wrapper, script);
    await chmod(wrapper, 0o755);
  });
  return wrapper;
}

async function download(folder: string, onProgress: OnProgress): Promise<string | undefined> {
  onProgress('the time-skipping test server is not here yet; trying to download it …');
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  await mkdir(folder, { recursive: true });
  try {
    const env = await TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'cached-download', downloadDir: folder } },
    });
    await env.teardown();
  } catch {
    return undefined; // closed networks are expected; the next way is tried
  }
  return newest(folder);
}

async function newest(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch(() => []);
  const name = names.toSorted().findLast((entry) => entry.startsWith('temporal-test-server-'));
  return name && path.join(folder, name);
}
