import { Command } from 'commander';
import { connectTemporal } from '../../temporal/connection';
import { checkedInput } from '../../client/start/checked-input';
import { ensureSweepSchedule, findSweepSchedule, type ScheduleOutcome } from '../../client/sweeps';
import { durationMs } from '../../contracts/duration';
import { DEFAULT_GRACE } from '../../contracts/ledger/sweep';
import { acceptSweep } from '../../providers/registry';
import type { SearchAttributesOutcome } from '../../temporal/namespace/prepare-namespace';
import { action, commandSurroundings, namingTheServer } from '../context';
import { EXIT, UsageError, type ExitCode } from '../exit';
import { addPlaceFlags, placeFieldsOf, providerOption } from '../flags';
import { print, printJson } from '../output';

interface SetupFlags {
  provider: string;
  check?: boolean;
  sweepEvery: string;
  grace: string;
  json?: boolean;
  /** Flags of the providers' places. */
  [flag: string]: unknown;
}

interface SetupReport {
  namespace: string;
  searchAttributes: SearchAttributesOutcome;
  schedule: ScheduleOutcome;
  /** What follows from a retention that is too short. */
  retention?: string;
}

const LEAST_EVERY_MS = 60_000;

export const setupCommand = (): Command => {
  const command = new Command('setup')
    .summary('prepare a Temporal namespace: search attributes and the sweep’s Schedule')
    .description(
      'Safe to repeat: what is there already is kept, and the Schedule is changed to what is asked for. Where the ' +
        'server does not let it add search attributes, as on Temporal Cloud, it prints the commands that do. ' +
        'Exit code 1 when something is left to do.',
    )
    .addOption(providerOption());
  addPlaceFlags(command, 'where to sweep; repeat it for several', { several: true });
  return command
    .option('--check', 'only say what is missing; exit code 1 if something is')
    .option('--sweep-every <duration>', 'how often orphans are swept', '1h')
    .option('--grace <duration>', 'how old an orphan must be', DEFAULT_GRACE)
    .option('--json', 'print JSON only')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle setup --sweep-every 30m')
    .action(
      action(async (flags: SetupFlags) => {
        const everyMs = durationOf('--sweep-every', flags.sweepEvery, LEAST_EVERY_MS);
        const graceMs = durationOf('--grace', flags.grace, 0);
        const report = await prepare(flags, everyMs, graceMs);
        if (flags.json) printJson(asJson(report));
        else for (const line of linesOf(report, flags)) print(line);
        return exitCodeOf(report);
      }),
    );
};

/** Two steps, each with its own outcome: the second is taken whatever became of the first. */
async function prepare(flags: SetupFlags, everyMs: number, graceMs: number): Promise<SetupReport> {
  const { provider, check, grace } = flags;
  const places = placeFieldsOf(flags, provider);
  if (!check) checkedInput(() => acceptSweep({ provider, grace, ...places })); // before anything is changed
  const { inspectNamespace, retentionWarning } = await import('../../temporal/namespace/namespace.js');
  const { ensureSearchAttributes, searchAttributesAsFound } =
    await import('../../temporal/namespace/prepare-namespace.js');
  const { client, connection, namespace, address } = await connectTemporal(
    (await commandSurroundings('temporal')).temporal,
  );
  const place = { namespace, address };
  try {
    return await namingTheServer(place, async () => {
      const state = await inspectNamespace(connection, namespace);
      return {
        namespace,
        searchAttributes: check
          ? searchAttributesAsFound(place, state)
          : await ensureSearchAttributes(connection, place, state),
        schedule: check
          ? await findSweepSchedule(client, provider)
          : await ensureSweepSchedule(client, provider, { everyMs, grace, ...places }),
        retention: retentionWarning(state, graceMs + 2 * everyMs),
      };
    });
  } finally {
    await connection.close();
  }
}

function exitCodeOf({ searchAttributes, schedule }: SetupReport): ExitCode {
  const incomplete = searchAttributes.missing.length > 0 || searchAttributes.mistyped.length > 0;
  const unscheduled = schedule.state === 'missing' || schedule.state === 'refused';
  return incomplete || unscheduled ? EXIT.lifecycleFailed : EXIT.done;
}

/** `searchAttributesAdded`, `scheduleId` and `created` were there before each step had an outcome of its own. */
const asJson = (report: SetupReport): object => ({
  ...report,
  searchAttributesAdded: report.searchAttributes.added,
  scheduleId: report.schedule.scheduleId,
  created: report.schedule.state === 'created',
});

function linesOf({ searchAttributes, schedule, retention }: SetupReport, flags: SetupFlags): string[] {
  const { state, added, missing, mistyped, commands = [], because } = searchAttributes;
  const lines = {
    complete: ['search attributes: all there'],
    added: [`search attributes: added ${added.join(', ')}`],
    missing: [`search attributes: missing ${missing.join(', ')}`],
    refused: [`search attributes: missing ${missing.join(', ')}, and could not be added: ${because}`],
  }[state];
  lines.push(...mistyped.map((line) => `search attribute ${line}`));
  const [ofCluster, ofCloud] = commands;
  if (ofCluster) lines.push('add them on a cluster of your own by:', `  ${ofCluster}`);
  if (ofCloud) lines.push('or on Temporal Cloud by:', `  ${ofCloud}`);
  const { scheduleId } = schedule;
  lines.push(
    {
      created: `schedule ${scheduleId}: created, every ${flags.sweepEvery}, grace ${flags.grace}`,
      updated: `schedule ${scheduleId}: updated, every ${flags.sweepEvery}, grace ${flags.grace}`,
      found: `schedule ${scheduleId}: there`,
      paused: `schedule ${scheduleId}: paused, so that nothing is swept until somebody resumes it`,
      missing: `schedule ${scheduleId}: missing; create it by "asset-lifecycle setup"`,
      refused: `schedule ${scheduleId}: could not be made: ${schedule.because}`,
    }[schedule.state],
  );
  if (retention) lines.push(`retention: ${retention}`);
  return lines;
}

function durationOf(flag: string, text: string, least: number): number {
  const ms = durationMs(text);
  if (ms !== undefined && ms >= least) return ms;
  throw new UsageError(
    `${flag}: must be a duration of at least ${least / 1000} s, such as "30m" or "1h", not "${text}"`,
  );
}
