import { readdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import {
  isExecutable,
  onPath,
  ProgramUnavailable,
  run,
  type Environment,
  type OnProgress,
} from '../../src/stack/programs';

/** Where Debian puts the programs of each release, which are not on PATH. */
const DEBIAN_FOLDER = '/usr/lib/postgresql';
const UNPRIVILEGED_USER = 'postgres';

export interface PostgresPrograms {
  initdb: string;
  postgres: string;
  /** The user to run them as, where this process is root: PostgreSQL refuses to run as root. */
  runAs?: { uid: number; gid: number };
}

/**
 * PostgreSQL of this machine; as root it is installed from Debian when it is missing.
 * @throws ProgramUnavailable saying what to install.
 */
export async function findPostgres(environment: Environment, onProgress: OnProgress): Promise<PostgresPrograms> {
  const isRoot = userInfo().uid === 0;
  let folder = await programFolder(environment);
  if (!folder && isRoot) {
    onProgress('installing PostgreSQL from Debian');
    await install(environment);
    folder = await programFolder(environment);
  }
  if (!folder) throw new ProgramUnavailable('no PostgreSQL: install it, on Debian by "apt-get install postgresql"');
  return {
    initdb: path.join(folder, 'initdb'),
    postgres: path.join(folder, 'postgres'),
    runAs: isRoot ? await idsOf(UNPRIVILEGED_USER) : undefined,
  };
}

/** The folder that holds both programs: the newest of Debian's, or one on PATH. */
async function programFolder(environment: Environment): Promise<string | undefined> {
  const releases = await readdir(DEBIAN_FOLDER).catch((): string[] => []);
  for (const release of releases.toSorted((a, b) => Number(b) - Number(a))) {
    const folder = path.join(DEBIAN_FOLDER, release, 'bin');
    if (await holdsPrograms(folder)) return folder;
  }
  const initdb = await onPath(['initdb'], environment);
  const folder = initdb && path.dirname(initdb);
  return folder && (await holdsPrograms(folder)) ? folder : undefined;
}

const holdsPrograms = async (folder: string): Promise<boolean> =>
  (await isExecutable(path.join(folder, 'initdb'))) && (await isExecutable(path.join(folder, 'postgres')));

async function install(environment: Environment): Promise<void> {
  const apt = await onPath(['apt-get'], environment);
  if (!apt) return;
  const env = { ...environment, DEBIAN_FRONTEND: 'noninteractive' } as NodeJS.ProcessEnv;
  try {
    await run(apt, ['update', '-q'], { env });
    await run(apt, ['install', '-q', '-y', '--no-install-recommends', 'postgresql'], {
      env,
      maxBuffer: 16 * 1024 ** 2,
    });
  } catch (error) {
    const [firstLine] = (error as Error).message.split('\n');
    throw new ProgramUnavailable(`PostgreSQL could not be installed (${firstLine}); install it by hand`);
  }
}

async function idsOf(user: string): Promise<{ uid: number; gid: number }> {
  try {
    const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => (await run('id', [flag, user])).stdout));
    return { uid: Number(uid), gid: Number(gid) };
  } catch {
    throw new ProgramUnavailable(
      `no user "${user}" to run PostgreSQL as, which refuses root; add one, or do not run as root`,
    );
  }
}
