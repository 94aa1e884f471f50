import type { FoundOrphans } from '../../contracts/activities';
import { MOST_LISTED } from '../../contracts/ledger/most-listed';
import type { AcceptedSweep, SweepCounts, SweepReport, SweptOrphan } from '../../contracts/ledger/sweep';

export const emptyReport = ({ provider, places, dryRun, grace }: AcceptedSweep): SweepReport => ({
  provider,
  ...(places && { places }),
  dryRun,
  grace,
  seen: { others: 0, open: 0, young: 0, wanted: 0, vanished: 0 },
  vanished: [],
  marked: 0,
  unmarked: 0,
  orphans: [],
  found: 0,
  deleted: 0,
  kept: 0,
  leftover: 0,
});

/** Adds what the walk has seen in one batch. */
export function addBatch(
  report: SweepReport,
  { seen, vanished, marked, unmarked }: FoundOrphans,
  place?: string,
): void {
  for (const name of Object.keys(report.seen) as (keyof SweepCounts)[]) report.seen[name] += seen[name];
  report.vanished = [...report.vanished, ...vanished.map((one) => inPlace(one, place))].slice(0, MOST_LISTED);
  report.marked += marked;
  report.unmarked += unmarked;
}

/** Adds an orphan and what became of it. */
export function addOrphan(report: SweepReport, orphan: SweptOrphan, place?: string): void {
  report.found += 1;
  if (report.orphans.length < MOST_LISTED) report.orphans.push(inPlace(orphan, place));
  for (const { result } of orphan.entries) report[result] += 1;
}

const inPlace = <T extends object>(one: T, place: string | undefined): T & { place?: string } =>
  place === undefined ? one : { ...one, place };

/** For Temporal Web: what the sweep has done so far. */
export const detailsOfSweep = ({ dryRun, seen, found, deleted, kept, leftover, marked }: SweepReport): string =>
  [
    `**${dryRun ? 'dry run' : 'sweep'}**: ${found} orphans so far`,
    '',
    `- deleted ${deleted}, kept ${kept}, left over ${leftover}`,
    `- not touched: ${seen.open} open, ${seen.young} young, ${seen.wanted} wanted, ${seen.others} without our tag`,
    `- vanished, and not touched: ${seen.vanished}`,
    `- release marks set: ${marked}`,
  ].join('\n');
