import { Command } from 'commander';
import { connectTemporal } from '../../client/connection';
import { ensureSweepSchedule } from '../../client/sweeps';
import { durationMs } from '../../contracts/duration';
import { DEFAULT_GRACE } from '../../contracts/ledger/sweep';
import { action } from '../context';
import { UsageError } from '../exit';
import { print, printJson } from '../output';

interface SetupFlags {
  sweepEvery: string;
  grace: string;
  json?: boolean;
}

const LEAST_EVERY_MS = 60_000;

export const setupCommand = (): Command =>
  new Command('setup')
    .summary('prepare a Temporal namespace: search attributes and the sweep’s Schedule')
    .description('Safe to repeat: what is there already is kept, and the Schedule is changed to what is asked for.')
    .option('--sweep-every <duration>', 'how often orphans are swept', '1h')
    .option('--grace <duration>', 'how old an orphan must be', DEFAULT_GRACE)
    .option('--json', 'print JSON only')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle setup --sweep-every 30m')
    .action(
      action(async ({ sweepEvery, grace, json }: SetupFlags) => {
        const everyMs = durationOf('--sweep-every', sweepEvery, LEAST_EVERY_MS);
        durationOf('--grace', grace, 0);
        const { ensureSearchAttributes } = await import('../../stack/search-attributes.js');
        const { client, connection, namespace } = await connectTemporal();
        try {
          const added = await ensureSearchAttributes(connection, namespace);
          const { scheduleId, created } = await ensureSweepSchedule(client, 'twelvelabs', { everyMs, grace });
          if (json) return printJson({ namespace, searchAttributesAdded: added, scheduleId, created });
          print(`search attributes: ${added.length > 0 ? `added ${added.join(', ')}` : 'all there'}`);
          print(`schedule ${scheduleId}: ${created ? 'created' : 'updated'}, every ${sweepEvery}, grace ${grace}`);
        } finally {
          await connection.close();
        }
      }),
    );

function durationOf(flag: string, text: string, least: number): number {
  const ms = durationMs(text);
  if (ms !== undefined && ms >= least) return ms;
  throw new UsageError(
    `${flag}: must be a duration of at least ${least / 1000} s, such as "30m" or "1h", not "${text}"`,
  );
}
