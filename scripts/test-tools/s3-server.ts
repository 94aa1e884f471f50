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

/** The release that `tools/s3/go.mod` pins. */
const VERSION = '1.8.0';

/** An S3 server that keeps objects in a folder: `VERSITYGW_PATH`, PATH, the cache, or a build from Go modules. */
export async function findS3Server(environment: Environment, onProgress: OnProgress): Promise<string> {
  if (environment.VERSITYGW_PATH) return environment.VERSITYGW_PATH;
  const found = await onPath(['versitygw'], environment);
  if (found) return found;
  const folder = path.join(cacheFolder(environment), `versitygw-${VERSION}`);
  const built = path.join(folder, 'versitygw');
  if (await isExecutable(built)) return built;
  const go = await onPath(['go'], environment);
  if (!go) throw new ProgramUnavailable('no S3 server: install Go 1.26 or versitygw, or set VERSITYGW_PATH');
  onProgress('building the S3 server versitygw from Go modules, once (1 to 3 minutes on two cores)');
  await exclusively(path.join(folder, 'build.lock'), onProgress, async () => {
    if (await isExecutable(built)) return;
    const module = path.join(packageRoot(), 'tools/s3');
    const name = 'github.com/versity/versitygw/cmd/versitygw';
    await goBuild({ go, module, package: name, target: built, environment, onProgress });
  });
  return built;
}
