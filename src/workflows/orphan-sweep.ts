import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { continueAsNew, isCancellation, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { failure } from '../contracts/failures';
import { durationMs } from '../contracts/duration';
import type { AcceptedSweep, SweepInput, SweepReport, UnreadPlace } from '../contracts/ledger/sweep';
import { acceptSweep, checked } from './lib/accept';
import { cleanUp } from './lib/clean-up';
import { describeError, endsLifecycle } from './lib/step-failures';
import { ledgerSteps } from './lib/ledger-steps';
import { addBatch, addOrphan, detailsOfSweep, emptyReport } from './lib/sweep-report';

/** Set by the server on what a Schedule starts. */
const SCHEDULED_BY = defineSearchAttributeKey('TemporalScheduledById', SearchAttributeType.KEYWORD);
/** Orphans found and removed at a time. */
const BATCH = 50;

/** State that a sweep hands to its next run. */
interface Progress {
  report: SweepReport;
  /** Where it goes on, at a provider with places. */
  place?: string;
  next?: string;
}

/**
 * Walks over all assets of the account, or of the places that the input names, and removes those whose lifecycle ended
 * without them and without cleaning up, each as its own policy says. Never touches an asset without the tag of this
 * namespace, nor one that an open lifecycle has. An asset whose lifecycle Temporal does not know is only reported, unless
 * the input of a person says otherwise.
 * @throws InvalidRequest · the failure of the first leftover or of the first place that could not be looked at, with the
 *   {@link SweepReport} as its details.
 */
export async function orphanSweep(input?: SweepInput, before?: Progress): Promise<SweepReport> {
  const sweep = await checked(() => acceptSweep(input ?? {}));
  if (sweep.includeVanished && workflowInfo().typedSearchAttributes.get(SCHEDULED_BY) !== undefined) {
    throw failure('InvalidRequest', 'includeVanished: is for a person to decide; start the sweep without a Schedule');
  }
  const report = before?.report ?? emptyReport(sweep);
  let madeBefore = before?.next;
  for (const place of placesLeft(sweep.places, before)) {
    do {
      if (workflowInfo().continueAsNewSuggested) {
        await continueAsNew<typeof orphanSweep>(input, { report, place, next: madeBefore });
      }
      madeBefore = await orUnread(() => sweepBatch({ sweep, place, madeBefore }, report), place, report);
    } while (madeBefore !== undefined);
  }
  return close(report);
}

/** The whole account is one place without a name. */
function placesLeft(places: AcceptedSweep['places'] = [], before: Progress | undefined): (string | undefined)[] {
  const at = before?.place === undefined ? 0 : places.indexOf(before.place);
  return places.length === 0 ? [undefined] : places.slice(at);
}

interface Batch {
  sweep: AcceptedSweep;
  place: string | undefined;
  madeBefore: string | undefined;
}

/** A place that cannot be looked at does not keep the sweep from the others. */
async function orUnread<T>(
  sweepPlace: () => Promise<T>,
  place: string | undefined,
  report: SweepReport,
): Promise<T | undefined> {
  try {
    return await sweepPlace();
  } catch (error) {
    if (place === undefined || !endsLifecycle(error) || isCancellation(error)) throw error;
    report.unread = [...(report.unread ?? []), { place, ...describeError(error) }];
    return undefined;
  }
}

/** Finds and removes some orphans. @returns where the next batch goes on, if there may be more */
async function sweepBatch({ sweep, place, madeBefore }: Batch, report: SweepReport): Promise<string | undefined> {
  const { provider, grace, dryRun, includeVanished } = sweep;
  const steps = ledgerSteps({ provider, place }, dryRun ? 'dry run' : 'sweep');
  const batch = await steps.findOrphans({
    provider,
    graceMs: durationMs(grace) as number,
    madeBefore,
    limit: BATCH,
    includeVanished,
    setMarks: !dryRun,
  });
  addBatch(report, batch, place);
  const isLookedAtOnly = dryRun || batch.reportsOnly !== undefined;
  for (const { assetId, key, cause, policy, workflowId, made } of batch.orphans) {
    const entries = isLookedAtOnly ? [] : await cleanUp({ provider, steps, made, policy, unlessOpen: workflowId });
    const would = isLookedAtOnly && made.toReversed().map(({ kind: resource, id }) => ({ resource, id }));
    addOrphan(report, { assetId, key, cause, policy, entries, ...(would && { would }) }, place);
  }
  setCurrentDetails(detailsOfSweep(report));
  return batch.next;
}

function close(report: SweepReport): SweepReport {
  const left = report.orphans.flatMap(({ entries }) => entries).find(({ result }) => result === 'leftover');
  const [unread] = report.unread ?? [];
  if (report.leftover === 0 && !unread) return report;
  const what = left || !unread ? `${left?.resource} ${left?.id} is left over: ${left?.because}` : wordsOf(unread);
  const type = left || !unread || unread.type === 'Unexpected' ? left?.errorType : unread.type;
  throw failure(type ?? 'ProviderRejected', `The sweep could not finish: ${what}`, { details: report });
}

const wordsOf = ({ place, message }: UnreadPlace): string => `${place} could not be looked at: ${message}`;
