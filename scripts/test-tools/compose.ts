import path from 'node:path';
import { goBuild } from '../../src/stack/go-build';
import { packageRoot } from '../../src/stack/package-root';
import {
  cacheFolder,
  isExecutable,
  onPath,
  ProgramUnavailable,
  run,
  type Environment,
  type OnProgress,
} from '../../src/stack/programs';

/** A command that parses a compose file; the file's path is put at `{file}`. */
export type ComposeParser = string[];

/** Docker's own parser: in `docker compose`, or its library compose-go built from Go modules. Neither needs an engine. */
export async function findComposeParser(environment: Environment, onProgress: OnProgress): Promise<ComposeParser> {
  const docker = await onPath(['docker'], environment);
  if (docker && (await works(docker, ['compose', 'version']))) return [docker, 'compose', '-f', '{file}', 'config'];

  const built = path.join(cacheFolder(environment), 'compose-go/compose-go');
  const go = await onPath(['go'], environment);
  if (!(await isExecutable(built))) {
    if (!go) throw new ProgramUnavailable('no compose parser: install Docker Compose or Go');
    onProgress('building the compose parser from Go modules (seconds)');
    const module = path.join(packageRoot(), 'tools/compose');
    const name = 'github.com/compose-spec/compose-go/v2/cmd';
    await goBuild({ go, module, package: name, target: built, environment, onProgress });
  }
  return [built, '{file}'];
}

const works = (program: string, args: string[]): Promise<boolean> =>
  run(program, args).then(
    () => true,
    () => false,
  );
