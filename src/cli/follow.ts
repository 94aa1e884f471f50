import type { LifecycleClient } from '../client/lifecycle-client';
import type { LifecycleStatus } from '../contracts/lifecycle-status';
import { barOf, lineOf, note } from './output';
import { isTerminal, printable } from './terminal';

/** Waits to a lifecycle's end and shows how far it is: a live line on a terminal, a line a change in a pipe. */
export async function follow(
  client: LifecycleClient,
  key: string,
  quiet: boolean,
  signal?: AbortSignal,
): Promise<LifecycleStatus> {
  if (quiet) return last(client, key, () => {}, signal);
  if (!isTerminal())
    return last(
      client,
      key,
      onceATenth((status) => note(lineOf(status))),
      signal,
    );
  const { Listr } = await import('listr2');
  const context = await new Listr<{ status?: LifecycleStatus }>(
    [
      {
        title: printable(key),
        task: async (shared, task) => {
          shared.status = await last(client, key, (status) => (task.title = printable(barOf(status) + lineOf(status))));
        },
      },
    ],
    { rendererOptions: { showErrorMessage: false } },
  ).run({});
  return context.status as LifecycleStatus;
}

/** An upload changes all the time: a pipe gets a line every ten percent. */
export function onceATenth(show: (status: LifecycleStatus) => void): (status: LifecycleStatus) => void {
  let shown = -1;
  return (status) => {
    const tenth = status.upload ? Math.floor(status.upload.percent / 10) : -1;
    if (status.upload && tenth === shown) return;
    shown = tenth;
    show(status);
  };
}

/** Calls `show` on every change; gives the status that has the outcome. @throws the signal's reason once it is aborted */
export async function last(
  client: LifecycleClient,
  key: string,
  show: (status: LifecycleStatus) => void,
  signal?: AbortSignal,
): Promise<LifecycleStatus> {
  for await (const status of client.watch(key, { signal })) {
    show(status);
    if (status.outcome) return status;
  }
  throw new Error(`the watch of ${key} ended without an outcome`);
}
