import { chown, mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { run } from '../../src/stack/programs';
import { ChildProgram } from './child-program';
import type { PostgresPrograms } from './postgres-programs';

const HOST = '127.0.0.1';
/** The superuser of the throw-away database. */
export const DATABASE_USER = 'temporal';

/** Makes an empty database cluster that trusts everybody on loopback: its data live as long as a test. */
export async function initDatabase({ initdb, runAs }: PostgresPrograms, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (runAs) await chown(folder, runAs.uid, runAs.gid);
  const args = [
    '--pgdata',
    folder,
    '--username',
    DATABASE_USER,
    '--auth',
    'trust',
    '--encoding',
    'UTF8',
    '--no-locale',
  ];
  await run(initdb, [...args, '--no-sync'], { ...runAs, cwd: folder });
}

/** Serves it on loopback. `stop` lets nobody finish; `kill` leaves it as a crash would. */
export const startPostgres = (
  { postgres, runAs }: PostgresPrograms,
  { folder, port }: { folder: string; port: number },
): Promise<ChildProgram> =>
  ChildProgram.start({
    name: 'PostgreSQL',
    file: postgres,
    args: [
      ...['-D', folder, '-h', HOST, '-p', String(port), '-k', folder],
      ...['-c', 'fsync=off', '-c', 'max_connections=200', '-c', 'log_min_messages=error'],
    ],
    environment: { PATH: process.env.PATH },
    cwd: folder,
    runAs,
    stopSignal: 'SIGINT',
    killSignal: 'SIGQUIT',
    isReady: () => takesConnections(port),
  });

/** Asks as any client does first: the server answers one byte, also while it still recovers. */
function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    const startup = Buffer.from(`\0\x03\0\0user\0${DATABASE_USER}\0database\0postgres\0\0`, 'latin1');
    const length = Buffer.alloc(4);
    length.writeInt32BE(startup.length + 4);
    socket.once('connect', () => socket.write(Buffer.concat([length, startup])));
    socket.once('data', (answer) => {
      socket.destroy();
      resolve(answer.toString('latin1', 0, 1) === 'R'); // an error, such as "still starting up", begins with E
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
