import type { FoundOrphans } from '../../contracts/activities';
import { MOST_LISTED } from '../../contracts/ledger/most-listed';
import type { AcceptedSweep, SweepCounts, SweepReport, SweptOrphan } from '../../contracts/ledger/sweep';

export const emptyReport = ({ provider, places, dryRun, grace }: AcceptedSweep): SweepReport => ({
  provider,
  ...(places && { places }),
  dryRun,
  grace,
  seen: { others: 0, open: 0, young: 0, wanted: 0, vanished: 0, elsewhere: 0 },
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
export function addBatch(report: SweepReport, batch: FoundOrphans, place?: string): void {
  const { seen, vanished, marked, unmarked, reportsOnly } = batch;
  for (const name of Object.keys(seen) as (keyof SweepCounts)[]) {
    report.seen[name] = (report.seen[name] ?? 0) + seen[name]; // a report of an older release may lack it
  }
  report.vanished = [...report.vanished, ...vanished.map((one) => inPlace(one, place))].slice(0, MOST_LISTED);
  report.marked += marked;
  report.unmarked += unmarked;
  if (batch.batches) report.batches = (report.batches ?? 0) + batch.batches;
  report.reportsOnly ??= reportsOnly;
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
export const detailsOfSweep = (report: SweepReport): string => {
  const { dryRun, reportsOnly, seen, found, deleted, kept, leftover, marked } = report;
  const elsewhere = seen.elsewhere ? `, ${seen.elsewhere} with marks in another store` : '';
  return [
    `**${dryRun ? 'dry run' : 'sweep'}**: ${found} orphans so far`,
    '',
    `- deleted ${deleted}, kept ${kept}, left over ${leftover}`,
    `- not touched: ${seen.open} open, ${seen.young} young, ${seen.wanted} wanted, ${seen.others} without our tag${elsewhere}`,
    `- vanished, and not touched: ${seen.vanished}`,
    `- release marks set: ${marked}`,
    ...(reportsOnly ? [`- only reported: ${reportsOnly}`] : []),
  ].join('\n');
};
