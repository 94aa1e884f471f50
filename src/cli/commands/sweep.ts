import { Command } from 'commander';
import { DEFAULT_GRACE, type SweepReport } from '../../contracts/ledger/sweep';
import { action, withClient } from '../context';
import { EXIT } from '../exit';
import { addPlaceFlags, placeFieldsOf, providerOption } from '../flags';
import { note, print, printJson, tableOf } from '../output';

interface SweepFlags {
  provider: string;
  dryRun?: boolean;
  includeVanished?: boolean;
  grace: string;
  json?: boolean;
  /** Flags of the providers' places. */
  [flag: string]: unknown;
}

export const sweepCommand = (): Command => {
  const command = new Command('sweep')
    .summary('remove assets whose lifecycle has gone without cleaning up')
    .description(
      'Walks over all assets of the provider account, or of the places that are named. Those that carry the tag of this Temporal namespace and whose ' +
        'lifecycle was terminated or left them over end as their own cleanup policy says. An asset without the tag, or ' +
        'of an open lifecycle, is never touched. One whose lifecycle Temporal does not know any more is only listed. Also removes what batches kept that closed 30 days ago.',
    )
    .addOption(providerOption());
  addPlaceFlags(command, 'where to look; repeat it for several', { several: true });
  return command
    .option('--dry-run', 'only say what would be done')
    .option(
      '--include-vanished',
      'end also assets whose lifecycle Temporal does not know any more: as onCancel or onFailure of their lifecycle ' +
        'said, whichever is more careful',
    )
    .option('--grace <duration>', 'how old an asset, and how long over its lifecycle, must be', DEFAULT_GRACE)
    .option('--json', 'print the report as JSON only')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle sweep --dry-run --grace 1h')
    .action(
      action(({ provider, dryRun, includeVanished, grace, json, ...flags }: SweepFlags) => {
        const places = placeFieldsOf(flags, provider);
        return withClient(async (client) => {
          if (!json) note('looking at every asset; see Temporal Web for its progress');
          const report = await client.sweep({ ...places, dryRun, includeVanished, grace });
          if (json) printJson(report);
          else print(linesOf(report));
          return report.leftover > 0 || report.unread ? EXIT.lifecycleFailed : EXIT.done;
        }, provider);
      }),
    );
};

function linesOf(report: SweepReport): string[] {
  const { places, dryRun, reportsOnly, seen, orphans, found, deleted, kept, leftover, unread = [] } = report;
  const wasTouched = !dryRun && reportsOnly === undefined;
  const head = [...(places ? ['place'] : []), 'key', 'asset', 'cause', 'policy', wasTouched ? 'done' : 'to end'];
  const rows = orphans.map(({ place, key, assetId, cause, policy, entries, would = [] }) => {
    const done = entries.map(({ resource, id, result, because }) => `${resource} ${id}: ${result}, ${because}`);
    const toDo = would.map(({ resource, id }) => `${resource} ${id ?? 'of unknown id'}`);
    return [
      ...(places ? [place] : []),
      key,
      assetId ?? 'in a session',
      cause,
      wasTouched ? policy : `would: ${policy}`,
      [...done, ...toDo],
    ];
  });
  const lines = [
    `${found} orphans: ${wasTouched ? `deleted ${deleted}, kept ${kept}, left over ${leftover}` : 'nothing was touched'}`,
    `not touched: ${seen.open} of open lifecycles, ${seen.young} within the grace period, ${seen.wanted} wanted, ` +
      `${seen.others} without our tag`,
  ];
  if (seen.elsewhere) lines.push(`${seen.elsewhere} not touched, since their marks lie in another result store`);
  if (reportsOnly !== undefined) lines.push(`only reported: ${reportsOnly}`);
  lines.push(...unread.map(({ place, message }) => `${place} could not be looked at: ${message}`));
  if (report.batches) lines.push(`removed the lists and outcomes of ${report.batches} batches that closed 30 days ago`);
  lines.push(...ofMarks(report), ...ofVanished(report));
  if (rows.length > 0) lines.unshift(...tableOf(head, rows));
  if (found > orphans.length) lines.push(`the first ${orphans.length} are shown`);
  return lines;
}

function ofMarks({ dryRun, reportsOnly, marked, unmarked }: SweepReport): string[] {
  const lines = marked > 0 ? [`marked ${marked} wanted assets as let go of`] : [];
  if (unmarked > 0)
    lines.push(`${unmarked} wanted assets have no release mark${dryRun || reportsOnly ? '' : ': it was refused'}`);
  return lines;
}

function ofVanished({ places, seen, vanished }: SweepReport): string[] {
  if (seen.vanished === 0) return [];
  const some = vanished.length < seen.vanished ? `, the first ${vanished.length}` : '';
  return [
    '',
    `${seen.vanished} not touched, since Temporal does not know their lifecycle (--include-vanished ends them)${some}:`,
    ...tableOf(
      [...(places ? ['place'] : []), 'key', 'asset'],
      vanished.map(({ place, key, assetId }) => [...(places ? [place] : []), key, assetId]),
    ),
  ];
}
