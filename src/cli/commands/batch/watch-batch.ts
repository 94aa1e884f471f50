import { Command } from 'commander';
import { action, withClient } from '../../context';
import { print, printJson } from '../../output';
import { describeBatch } from './describe-batch';
import { followBatch } from './follow-batch';

export const batchStatusCommand = (): Command =>
  new Command('status')
    .summary('say how far a batch is, or how it ended')
    .argument('<id>', 'the batch’s id')
    .option('--json', 'print JSON only')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle batch status spring')
    .action(
      action((batchId: string, { json }: { json?: boolean }) =>
        withClient(async (client) => {
          const status = await client.batches.status(batchId);
          if (json) printJson(status);
          else print(describeBatch(status));
        }),
      ),
    );

export const watchBatchCommand = (): Command =>
  new Command('watch')
    .summary('follow a batch to its end')
    .description('Follows a batch to its end; exits 1 unless it completes. Ctrl-C leaves it running.')
    .argument('<id>', 'the batch’s id')
    .option('--json', 'print one JSON status a line, one for every change')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle batch watch spring')
    .action(
      action((batchId: string, { json }: { json?: boolean }) =>
        withClient(async (client) => followBatch(client, batchId, { json })),
      ),
    );
