import { Command, Option } from 'commander';
import type { LifecycleClient } from '../../../client/lifecycle-client';
import type { BatchOutcome } from '../../../contracts/batch/batch-status';
import { CLEANUP_POLICIES, type CleanupPolicy } from '../../../contracts/cleanup-policy';
import { action, withClient } from '../../context';
import type { ExitCode } from '../../exit';
import { wholeNumber } from '../../flags';
import { note, print, printJson } from '../../output';
import { followBatch } from './follow-batch';

interface SteerFlags {
  reason?: string;
  cleanup?: CleanupPolicy;
  all?: boolean;
  wait?: boolean;
  json?: boolean;
}

const commandAbout = (name: string, summary: string): Command =>
  new Command(name).summary(summary).argument('<id>', 'the batch’s id');

export const cancelBatchCommand = (): Command =>
  commandAbout('cancel', 'stop a batch: what is under way is settled, and cleaned up by policy')
    .option('--reason <text>', 'kept in the status')
    .addOption(new Option('--cleanup <policy>', 'instead of the items’ own policies').choices(CLEANUP_POLICIES))
    .option('--wait', 'wait for the end; exit 1 unless it ends as cancelled')
    .option('--json', 'print JSON only; with --wait a status a line')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle batch cancel spring --cleanup keep --wait')
    .action(
      action((batchId: string, { reason, cleanup, ...flags }: SteerFlags) =>
        withClient(async (client) => {
          await client.batches.cancel(batchId, { reason, cleanup });
          return after(client, batchId, { ...flags, done: 'asked to stop', wanted: 'cancelled' });
        }),
      ),
    );

export const forceDeleteBatchCommand = (): Command =>
  commandAbout('force-delete', 'stop a batch, and remove by force what its items under way have made')
    .description(
      'Stops a running batch, and removes by force what its items under way have made. Items that have completed keep ' +
        'their assets; "force-delete <key>" removes one of those. With --all everything goes that an item has made or ' +
        'adopted, also of a batch that has ended; only a key that has been taken up since stays with whoever has it.',
    )
    .option('--all', 'also what has completed, and of a closed batch everything')
    .option('--reason <text>', 'kept in the status')
    .option('--wait', 'wait for the end; exit 1 unless it ends as deleted')
    .option('--json', 'print JSON only; with --wait a status a line')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle batch force-delete spring --all --wait')
    .action(
      action((batchId: string, { all, reason, ...flags }: SteerFlags) =>
        withClient(async (client) => {
          if (all && !flags.json) note(`batch ${batchId}: if it runs, it is ended first; that may take a while`);
          await client.batches.forceDelete(batchId, { all, reason });
          const done = all ? 'is being removed with all that its items have made' : 'asked to stop and to delete';
          return after(client, batchId, { ...flags, done, wanted: 'deleted' });
        }),
      ),
    );

export const pauseCommand = (): Command =>
  commandAbout('pause', 'let what is under way end, and start nothing until "resume"')
    .option('--json', 'print JSON only')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle batch pause spring')
    .action(
      action((batchId: string, { json }: SteerFlags) =>
        withClient(async (client) => {
          await client.batches.pause(batchId);
          return after(client, batchId, { json, done: 'paused: what is under way ends' });
        }),
      ),
    );

export const resumeCommand = (): Command =>
  commandAbout('resume', 'go on with a paused batch')
    .option('--json', 'print JSON only')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle batch resume spring')
    .action(
      action((batchId: string, { json }: SteerFlags) =>
        withClient(async (client) => {
          await client.batches.resume(batchId);
          return after(client, batchId, { json, done: 'goes on' });
        }),
      ),
    );

export const inFlightCommand = (): Command =>
  commandAbout('in-flight', 'set how many items may be under way at once')
    .argument('<n>', 'items', wholeNumber('<n>', 1))
    .option('--json', 'print JSON only')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle batch in-flight spring 200')
    .action(
      action((batchId: string, inFlight: number, { json }: SteerFlags) =>
        withClient(async (client) => {
          await client.batches.setInFlight(batchId, inFlight);
          return after(client, batchId, { json, done: `has ${inFlight} items under way at most` });
        }),
      ),
    );

export const retryBatchCommand = (): Command =>
  commandAbout('retry', 'take up what a closed batch has not completed, also what failed')
    .description(
      'Starts a closed batch anew with its own input: what has completed stays as it is, and everything else is tried ' +
        'again. A batch that runs, or has completed, is refused.',
    )
    .option('--wait', 'wait for the end; exit 1 unless it completes')
    .option('--json', 'print JSON only; with --wait a status a line')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle batch retry spring --wait')
    .action(
      action((batchId: string, { wait, json }: SteerFlags) =>
        withClient(async (client) => {
          const started = await client.batches.retry(batchId);
          if (!json) note(`${started.joined ? 'joined' : 'retried'} ${started.workflowId}`);
          if (wait) return followBatch(client, batchId, { json });
          if (json) printJson(started);
          else print(batchId);
          return undefined;
        }),
      ),
    );

/** What a command says once its message is on its way. */
async function after(
  client: LifecycleClient,
  batchId: string,
  { done, wait, json, wanted }: { done: string; wait?: boolean; json?: boolean; wanted?: BatchOutcome },
): Promise<ExitCode | undefined> {
  if (!json) note(`batch ${batchId} ${done}`);
  if (wait) return followBatch(client, batchId, { json, wanted });
  if (json) printJson(await client.batches.status(batchId));
  return undefined;
}
