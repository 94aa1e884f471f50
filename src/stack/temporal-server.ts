import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../contracts/ids';
import { ProgramUnavailable, type Environment, type OnProgress } from './programs';
import { directIfLocal } from '../temporal/direct-connection';
import { inspectNamespace } from '../temporal/namespace/namespace';
import { ensureSearchAttributes } from '../temporal/namespace/prepare-namespace';
import { resolveTemporalCli } from './temporal-cli';

const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
/** Characters of the server's last words, with the stack trace of a crash. */
const MOST_WORDS = 20_000;

export interface TemporalServerOptions {
  environment: Environment;
  onProgress: OnProgress;
  /** gRPC; free when not given. */
  port?: number;
  /** Temporal Web; free when not given. */
  uiPort?: number;
  /** Prometheus metrics of the server; none when not given. */
  metricsPort?: number;
  /** Keeps the state; without it the state ends with the server. */
  databaseFile?: string;
  /** Settings of the server for tests, as JSON. */
  dynamicConfig?: Readonly<Record<string, string>>;
}

export interface TemporalServer {
  address: string;
  namespace: string;
  /** Of Temporal Web, without a slash at the end; absent when it is somebody else's server. */
  uiUrl?: string;
  /** Of the local process; absent when it is somebody else's server. */
  pid?: number;
  close(): Promise<void>;
}

/** The server that `TEMPORAL_ADDRESS` names, with the search attributes it needs; or else a local one. */
export async function obtainTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace = 'default',
    TEMPORAL_UI_URL: uiUrl,
  } = options.environment;
  if (!address) return startTemporalServer(options);
  const connection = await Connection.connect({
    address,
    ...directIfLocal(address),
    connectTimeout: '5s',
  }).catch(() => {
    throw new ProgramUnavailable(`TEMPORAL_ADDRESS: no Temporal server answers at ${address}; start it, or unset it`);
  });
  try {
    const state = await inspectNamespace(connection, namespace);
    const { missing, commands = [] } = await ensureSearchAttributes(connection, { namespace, address }, state);
    if (missing.length > 0) {
      throw new ProgramUnavailable(
        `TEMPORAL_ADDRESS: the namespace "${namespace}" lacks search attributes and does not let us add them; run ` +
          commands.join(', or on Temporal Cloud '),
      );
    }
  } finally {
    await connection.close();
  }
  return { address, namespace, uiUrl: uiUrl?.replace(/\/+$/, ''), close: async () => {} };
}

/**
 * Starts a dev server with Temporal Web and waits until it really answers.
 * @throws ProgramUnavailable in one line: no CLI to be had, a port in use, or the server's own last words.
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (!(error instanceof ServerEnded && attempt < START_ATTEMPTS)) throw error;
    }
  }
}

/**
 * A port that was free a moment ago can be taken now, so another start may succeed; also with ports of the caller, since
 * the server takes further ones of its own.
 */
const START_ATTEMPTS = 3;

/** The server ended before it was ready. */
class ServerEnded extends ProgramUnavailable {}

async function startOnce(options: TemporalServerOptions): Promise<TemporalServer> {
  const { environment, onProgress, databaseFile } = options;
  const cli = await resolveTemporalCli(environment, onProgress);
  const port = await usablePort(options.port, '--temporal-port');
  const uiPort = await usablePort(options.uiPort, '--ui-port');
  if (databaseFile) await mkdir(path.dirname(databaseFile), { recursive: true });
  const child = spawn(
    path.resolve(cli.path),
    [
      ...['server', 'start-dev', '--ip', HOST, '--port', String(port), '--ui-port', String(uiPort)],
      ...['--log-level', 'error', '--ui-disable-news-fetch'],
      ...(options.metricsPort === undefined ? [] : ['--metrics-port', String(options.metricsPort)]),
      ...Object.entries(options.dynamicConfig ?? {}).flatMap((entry) => ['--dynamic-config-value', entry.join('=')]),
      ...(databaseFile ? ['--db-filename', path.basename(databaseFile)] : []),
      ...Object.values(SEARCH_ATTRIBUTES).flatMap(({ name, type }) => [
        '--search-attribute',
        `${name}=${CLI_TYPES[type]}`,
      ]),
    ],
    {
      // The server takes the file's name as part of a URI, in which "#", "?" and "%" mean something else: so it gets a
      // bare name, and finds the folder as its own.
      cwd: databaseFile === undefined ? undefined : path.dirname(databaseFile),
      env: environment as NodeJS.ProcessEnv,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const server: TemporalServer = {
    address: `${HOST}:${port}`,
    namespace: 'default',
    uiUrl: `http://${HOST}:${uiPort}`,
    pid: child.pid,
    close: () => stop(child),
  };
  const onExit = (): void => void child.kill('SIGKILL');
  process.once('exit', onExit); // a crash of ours must not leave it behind
  child.once('exit', () => process.off('exit', onExit));
  try {
    await untilReady(server, child);
    return server;
  } catch (error) {
    await stop(child);
    throw error;
  }
}

const CLI_TYPES: Readonly<Record<string, string>> = { KEYWORD: 'Keyword', INT: 'Int', DATETIME: 'Datetime' };

/** Ready is: it answers, the namespace exists, and the search attributes are known. */
async function untilReady({ address, namespace, uiUrl }: TemporalServer, child: ChildProcess): Promise<void> {
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-MOST_WORDS)));
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null) throw new ServerEnded(`the Temporal server did not start: ${tellingLine(words)}`);
    if (await answers(address, namespace, uiUrl)) return;
    if (Date.now() > deadline) {
      throw new ProgramUnavailable(
        `the Temporal server does not answer at ${address} after a minute: ${tellingLine(words)}`,
      );
    }
    await delay(100);
  }
}

async function answers(address: string, namespace: string, uiUrl: string | undefined): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, ...directIfLocal(address), connectTimeout: '1s' });
    try {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      const known = Object.values(SEARCH_ATTRIBUTES).every(({ name }) => name in (customAttributes ?? {}));
      return known && (uiUrl === undefined || (await fetch(uiUrl)).ok);
    } finally {
      await connection.close();
    }
  } catch {
    return false;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(killer);
}

/** The wanted port if it is free, or any free one. */
async function usablePort(wanted: number | undefined, flag: string): Promise<number> {
  const server = createServer();
  try {
    const listening = once(server, 'listening');
    server.listen(wanted ?? 0, HOST);
    await listening;
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  } catch {
    throw new ProgramUnavailable(`port ${wanted} is in use; choose another with ${flag}`);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** What the server died of, where it says so before the stack trace; else its last line. */
function tellingLine(words: string): string {
  const lines = words.trim().split('\n');
  return lines.find((line) => line.startsWith('panic: ')) ?? (lines.at(-1) || 'it said nothing');
}
