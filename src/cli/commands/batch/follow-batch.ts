import type { LifecycleClient } from '../../../client/lifecycle-client';
import type { BatchStatus } from '../../../contracts/batch/batch-status';
import { untilStopped } from '../../context';
import { exitCodeOfOutcome, type ExitCode } from '../../exit';
import { WatchEnded } from '../../follow';
import { note, print, printJson } from '../../output';
import { isTerminal, outputClosed, printable } from '../../terminal';
import { describeBatch, lineOfBatch, lineOfFailure, liveLineOfBatch, percentOf } from './describe-batch';

/** What a shell gives a command that Ctrl-C ended. */
const INTERRUPTED = 130;

/** The newest ones, below the live line. */
const FAILURES_SHOWN = 3;

type Show = (status: BatchStatus) => void;

/**
 * Waits to a batch's end and shows how far it is: a live line on a terminal, lines in a pipe, a JSON status a line for
 * machines. Ctrl-C leaves the batch running, and says how to come back to it.
 * @param wanted the outcome for which the exit code is 0.
 */
export async function followBatch(
  client: LifecycleClient,
  batchId: string,
  { json = false, wanted }: { json?: boolean; wanted?: BatchStatus['outcome'] },
): Promise<ExitCode> {
  const leaving = new AbortController();
  void untilStopped().then(() => leaving.abort(new Left()));
  try {
    const status = await shown(client, batchId, { json, signal: leaving.signal });
    if (!json) print(describeBatch(status));
    return exitCodeOfOutcome(status, wanted);
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
    outputClosed.throwIfAborted();
    note(howToComeBack(batchId));
    return INTERRUPTED as ExitCode;
  }
}

class Left extends Error {}

const howToComeBack = (batchId: string): string =>
  `batch ${batchId} goes on without this command; "asset-lifecycle batch watch ${quoted(batchId)}" follows it again, ` +
  `"asset-lifecycle batch cancel ${quoted(batchId)}" stops it`;

/** As a shell takes it. */
const quoted = (text: string): string =>
  /^[\w.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

async function shown(
  client: LifecycleClient,
  batchId: string,
  { json, signal }: { json: boolean; signal: AbortSignal },
): Promise<BatchStatus> {
  if (json) return last(client, batchId, printJson, signal);
  if (!isTerminal()) return last(client, batchId, batchLines(note), signal);
  const { Listr } = await import('listr2');
  const context = await new Listr<{ status?: BatchStatus }>(
    [
      {
        title: printable(batchId),
        task: async (shared, task) => {
          const show: Show = (status) => {
            task.title = printable(liveLineOfBatch(status));
            const newest = status.failures.slice(-FAILURES_SHOWN).map((one) => printable(lineOfFailure(one)));
            if (newest.length > 0) task.output = newest.join('\n');
          };
          try {
            shared.status = await last(client, batchId, show, signal);
          } catch (error) {
            if (!signal.aborted) throw error;
            task.skip(); // no failure of the batch
          }
        },
      },
    ],
    { rendererOptions: { showErrorMessage: false }, registerSignalListeners: false },
  ).run({});
  signal.throwIfAborted();
  return context.status as BatchStatus;
}

/** Lines for a pipe: one for each phase and each percent, and one for each failure that a status shows. */
export function batchLines(write: (line: string) => void): Show {
  let shown = '';
  const told = new Set<number>();
  return (status) => {
    for (const failure of status.failures) {
      if (told.has(failure.item)) continue;
      told.add(failure.item);
      write(lineOfFailure(failure));
    }
    const now = `${status.phase} ${percentOf(status)}`;
    if (now !== shown) write(lineOfBatch(status));
    shown = now;
  };
}

async function last(client: LifecycleClient, batchId: string, show: Show, signal: AbortSignal): Promise<BatchStatus> {
  for await (const status of client.batches.watch(batchId, { signal })) {
    show(status);
    if (status.outcome) return status;
  }
  throw new WatchEnded(`the watch of batch "${batchId}" ended before the batch; watch it again`);
}
