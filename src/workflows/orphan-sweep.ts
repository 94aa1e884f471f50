import { continueAsNew, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { failure } from '../contracts/failures';
import { durationMs } from '../contracts/duration';
import type { SweepCounts, SweepInput, SweepReport, SweptOrphan } from '../contracts/ledger/sweep';
import { acceptSweep, checked } from './lib/accept';
import { cleanUp } from './lib/clean-up';
import { ledgerSteps } from './lib/ledger-steps';

/** Orphans found and removed at a time. */
const BATCH = 50;
const LONGEST_REPORT = 500;

/** What a sweep that goes on in a new run has done so far. */
interface Progress {
  report: SweepReport;
  next?: string;
}

/**
 * Walks over all assets of the account and removes those whose lifecycle has gone without cleaning up, each as its own
 * policy says. Never touches an asset without the tag of this namespace, nor one whose lifecycle is open.
 * @throws InvalidRequest · the first leftover's failure, with the {@link SweepReport} as its details.
 */
export async function orphanSweep(input?: SweepInput, before?: Progress): Promise<SweepReport> {
  const { provider, grace, dryRun } = await checked(() => acceptSweep(input ?? {}));
  const report: SweepReport = before?.report ?? {
    ...{ provider, dryRun, grace, seen: { others: 0, open: 0, young: 0, wanted: 0 } },
    ...{ orphans: [], found: 0, deleted: 0, kept: 0, leftover: 0 },
  };
  const steps = ledgerSteps(provider, dryRun ? 'dry run' : 'sweep');
  let madeBefore = before?.next;
  do {
    const batch = await steps.findOrphans({ provider, graceMs: durationMs(grace) as number, madeBefore, limit: BATCH });
    addCounts(report.seen, batch.seen);
    for (const { assetId, key, cause, policy, workflowId: unlessOpen, made } of batch.orphans) {
      const { entries } = dryRun ? { entries: [] } : await cleanUp({ provider, steps, made, policy, unlessOpen });
      add(report, { assetId, key, cause, policy, entries });
    }
    setCurrentDetails(describe(report));
    madeBefore = batch.next;
    if (madeBefore !== undefined && workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof orphanSweep>(input, { report, next: madeBefore });
    }
  } while (madeBefore !== undefined);
  return close(report);
}

function addCounts(sum: SweepCounts, more: SweepCounts): void {
  for (const name of Object.keys(sum) as (keyof SweepCounts)[]) sum[name] += more[name];
}

function add(report: SweepReport, orphan: SweptOrphan): void {
  report.found += 1;
  if (report.orphans.length < LONGEST_REPORT) report.orphans.push(orphan);
  for (const { result } of orphan.entries) report[result] += 1;
}

function close(report: SweepReport): SweepReport {
  const left = report.orphans.flatMap(({ entries }) => entries).find(({ result }) => result === 'leftover');
  if (report.leftover === 0) return report;
  const message = `The sweep could not finish: ${left?.resource} ${left?.id} is left over: ${left?.because}`;
  throw failure(left?.errorType ?? 'ProviderRejected', message, { details: report });
}

const describe = ({ dryRun, seen, found, deleted, kept, leftover }: SweepReport): string =>
  [
    `**${dryRun ? 'dry run' : 'sweep'}**: ${found} orphans so far`,
    '',
    `- deleted ${deleted}, kept ${kept}, left over ${leftover}`,
    `- not touched: ${seen.open} open, ${seen.young} young, ${seen.wanted} wanted, ${seen.others} without our tag`,
  ].join('\n');
