import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import {
  cacheFolder,
  exclusively,
  isExecutable,
  onPath,
  ProgramUnavailable,
  run,
  type Environment,
  type OnProgress,
} from '../../src/stack/programs';

const VERSION = '0.1.0b7';
const PYTEST_VERSION = '9.2.0';
const PYTHONS = ['python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3'];

/** Where the official SDK of Datature Vi is. */
export interface ViSdk {
  /** Python that has the SDK and pytest. */
  python: string;
  /** The SDK's source distribution, with its own tests. */
  sources: string;
}

/** The unmodified `vi-sdk` in an environment of its own: `VI_SDK_FOLDER`, the cache, or PyPI. */
export async function findViSdk(environment: Environment, onProgress: OnProgress): Promise<ViSdk> {
  const folder = environment.VI_SDK_FOLDER || path.join(cacheFolder(environment), `vi-sdk-${VERSION}`);
  const made = sdkIn(folder);
  if (await isComplete(folder)) return made;
  const python = await findPython(environment);
  onProgress(`installing vi-sdk ${VERSION} from PyPI, once (about 120 MB)`);
  await exclusively(path.join(path.dirname(folder), `vi-sdk-${VERSION}.lock`), onProgress, async () => {
    if (await isComplete(folder)) return;
    await rm(folder, { recursive: true, force: true });
    await install(folder, python);
  });
  return made;
}

const sdkIn = (folder: string): ViSdk => ({
  python: path.join(folder, 'venv/bin/python'),
  sources: path.join(folder, `vi_sdk-${VERSION}`),
});

/** The sources come last, under their name only when they are whole. */
async function isComplete(folder: string): Promise<boolean> {
  const { python, sources } = sdkIn(folder);
  const names: string[] = await readdir(sources).catch(() => []);
  return names.includes('tests') && (await isExecutable(python));
}

async function findPython(environment: Environment): Promise<string> {
  const found = await onPath(PYTHONS, environment);
  if (!found) throw new ProgramUnavailable('no Python: the tests of Datature Vi’s SDK need Python 3.10 or newer');
  for (const name of PYTHONS) {
    const python = await onPath([name], environment);
    if (python && (await isRecent(python))) return python;
  }
  throw new ProgramUnavailable('Python is too old: the tests of Datature Vi’s SDK need Python 3.10 or newer');
}

const isRecent = (python: string): Promise<boolean> =>
  run(python, ['-c', 'import sys, venv; sys.exit(not (3, 10) <= sys.version_info < (3, 15))']).then(
    () => true,
    () => false,
  );

async function install(folder: string, systemPython: string): Promise<void> {
  const { python, sources } = sdkIn(folder);
  const download = path.join(folder, 'download');
  try {
    await run(systemPython, ['-m', 'venv', path.join(folder, 'venv')]);
    const pip = (...args: string[]) => run(python, ['-m', 'pip', '-q', '--disable-pip-version-check', ...args]);
    await pip('install', `vi-sdk==${VERSION}`, `pytest==${PYTEST_VERSION}`);
    await pip('download', '--no-deps', '--no-binary', 'vi-sdk', '-d', download, `vi-sdk==${VERSION}`);
    await run('tar', ['-xzf', path.join(download, `vi_sdk-${VERSION}.tar.gz`), '-C', download]);
    await rename(path.join(download, `vi_sdk-${VERSION}`), sources);
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr ?? error).trim();
    throw new ProgramUnavailable(
      `vi-sdk ${VERSION} could not be installed from PyPI; set VI_SDK_FOLDER to a folder that has it (${said})`,
    );
  }
}
