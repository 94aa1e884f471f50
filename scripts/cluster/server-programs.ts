import path from 'node:path';
import { goBuild } from '../../src/stack/go-build';
import { packageRoot } from '../../src/stack/package-root';
import {
  cacheFolder,
  exclusively,
  isExecutable,
  onPath,
  ProgramUnavailable,
  type Environment,
  type OnProgress,
} from '../../src/stack/programs';

/** The release that `tools/temporal-server/go.mod` pins: the same server as in the CLI, so that most is compiled already. */
const VERSION = '1.31.2';

/** The Temporal server as clusters run it, and the program that makes its database schema. */
export interface ServerPrograms {
  server: string;
  sqlTool: string;
}

const PACKAGES = {
  server: { package: 'go.temporal.io/server/cmd/server', file: 'temporal-server' },
  sqlTool: { package: 'go.temporal.io/server/cmd/tools/sql', file: 'temporal-sql-tool' },
} as const;

/**
 * From the cache, or built from Go modules (two minutes on two cores after the CLI was built, once).
 * @throws ProgramUnavailable in one line.
 */
export async function findServerPrograms(environment: Environment, onProgress: OnProgress): Promise<ServerPrograms> {
  const folder = path.join(cacheFolder(environment), `temporal-server-${VERSION}`);
  const programs: ServerPrograms = {
    server: path.join(folder, PACKAGES.server.file),
    sqlTool: path.join(folder, PACKAGES.sqlTool.file),
  };
  for (const name of ['server', 'sqlTool'] as const) {
    const target = programs[name];
    if (await isExecutable(target)) continue;
    const go = await onPath(['go'], environment);
    if (!go) throw new ProgramUnavailable('no Temporal server for a cluster: install Go 1.26 to build it');
    onProgress(`building ${PACKAGES[name].file} from Go modules, once (minutes on two cores)`);
    await exclusively(path.join(folder, 'build.lock'), onProgress, async () => {
      if (await isExecutable(target)) return;
      const module = path.join(packageRoot(), 'tools/temporal-server');
      await goBuild({ go, module, package: PACKAGES[name].package, target, environment, onProgress });
    });
  }
  return programs;
}
