import { Command } from 'commander';
import { action, withClient } from '../../context';
import { wholeNumber } from '../../flags';
import { note, print, printJson, tableOf } from '../../output';

export const listBatchesCommand = (): Command =>
  new Command('list')
    .summary('list batches, newest first')
    .option('--limit <n>', 'at most so many', wholeNumber('--limit', 1), 100)
    .option('--json', 'print a JSON array only')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle batch list')
    .action(
      action(({ limit, json }: { limit: number; json?: boolean }) =>
        withClient(async (client) => {
          const batches = [];
          for await (const batch of client.batches.list()) {
            if (batches.push(batch) > limit) break;
          }
          if (batches.length > limit) {
            batches.pop();
            note(`there are more: the newest ${limit} are shown; --limit shows others`);
          }
          if (json) return printJson(batches);
          const rows = batches.map(({ batchId, state, startedAt, closedAt }) => [batchId, state, startedAt, closedAt]);
          print(rows.length > 0 ? tableOf(['batch', 'state', 'started', 'closed'], rows) : 'no batches');
        }),
      ),
    );
