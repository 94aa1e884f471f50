import type { ProviderName } from '../contracts/ids';
import { LifecycleClient } from '../client/lifecycle-client';
import { loadConfig } from '../config';
import { surroundings, type Needs, type Surroundings } from '../stack/dev/beside-dev';
import { connectTemporal, temporalError, type TemporalPlace } from '../temporal/connection';
import type { ExitCode } from './exit';
import { note } from './output';
import { outputClosed } from './terminal';

/**
 * The environment of a command, completed by what a `dev` in this folder serves; says so in one line.
 * @param provider the only one that the command talks to; default: all.
 */
export async function commandSurroundings(
  needs: Needs,
  provider?: ProviderName,
): Promise<Surroundings & { environment: NodeJS.ProcessEnv }> {
  const found = await surroundings(process.env, needs, { provider });
  if (found.notice) note(found.notice);
  return found;
}

/** Connects, runs one command, and always closes the connection. */
export async function withClient<T extends ExitCode | void>(
  use: (client: LifecycleClient) => Promise<T>,
  provider?: ProviderName,
): Promise<T> {
  const { temporal } = await commandSurroundings('temporal');
  const client = await LifecycleClient.connect({
    provider,
    temporal: await connectTemporal(temporal),
    openStore: openWorkersStore,
  });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** The store that a worker started here would have: that of the environment, or of the `dev` in this folder. */
async function openWorkersStore() {
  const { environment } = await surroundings(process.env, 'worker');
  const { openSharedFiles } = await import('../storage/batches/open-shared-files.js');
  return openSharedFiles(loadConfig(environment));
}

/** Runs `use`, and turns what the SDK throws of that server into errors that name it. */
export async function namingTheServer<T>(place: TemporalPlace, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    throw temporalError(error, place) ?? error;
  }
}

/** Wraps a command's body: its result becomes the exit code. */
export const action =
  <A extends unknown[]>(body: (...args: A) => Promise<ExitCode | void>) =>
  async (...args: A): Promise<void> => {
    process.exitCode = (await body(...args)) ?? 0;
  };

/**
 * Resolves on Ctrl-C, on SIGTERM, or when the reader of the output is gone. A second signal ends the process at once.
 */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130));
        resolve();
      });
    }
    outputClosed.addEventListener('abort', () => resolve(), { once: true });
    if (outputClosed.aborted) resolve();
  });
}
