import type { ProviderName } from '../contracts/ids';
import { openAccount } from '../providers/open-account';
import { LifecycleClient } from '../client/lifecycle-client';
import { loadConfig } from '../config';
import type { ExitCode } from './exit';
import { outputClosed } from './terminal';

/** Connects, runs one command, and always closes the connection. */
export async function withClient<T extends ExitCode | void>(
  use: (client: LifecycleClient) => Promise<T>,
  provider?: ProviderName,
): Promise<T> {
  const client = await LifecycleClient.connect({ provider, openAccount: (name) => openAccount(loadConfig(), name) });
  try {
    return await use(client);
  } finally {
    await client.close();
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
