import type { BatchPhase, BatchStatus } from '../../../contracts/batch/batch-status';
import type { GroupNews, ItemFailure } from '../../../contracts/batch/groups';
import type { BatchCounts, ItemRange } from '../../../contracts/batch/item-outcome';
import { firstOf } from '../../../contracts/values/text';

const DOING: Record<BatchPhase, string> = {
  listing: 'listing the items into the store',
  running: 'taking the items through their steps, group by group',
  paused: 'what is under way ends, and nothing is started; signal `resume` to go on',
  stopping: 'ending what is under way, and cleaning it up',
  cleaning: 'removing by force what its items have made, group by group',
  completed: 'every item has completed',
  failed: 'not every item has completed; start it again to go on with those that have not',
  cancelled: 'stopped on request; start it again to go on with what has not completed',
  deleted: 'stopped on request, by force; start it again to go on with what has not completed',
};

/** The same while what the items of a closed batch have made is removed. */
const DELETING: Partial<Record<BatchPhase, string>> = {
  paused: 'the removals that are under way end, and no other begins; signal `resume` to go on',
  stopping: 'ending the removals that are under way; the rest stays',
  failed: 'something could not be removed; see the report, and remove it once more',
  cancelled: 'stopped on request; what it had not come to stays',
  deleted: 'what its items had made is gone',
};

const CANCEL = 'A cancel now ends what is under way, and cleans it up as each item’s policy says.';
const CANCEL_OF_DELETION = 'A cancel now ends the removals that are under way, and leaves the rest.';

/** What a batch is doing, how far it is, and what went wrong last. */
export function detailsOfBatch(status: BatchStatus, deletes = false): string {
  const { phase, batchId, counts, refused, groups, inFlight, itemsPerSec, secondsLeft, reason, uri, outcome } = status;
  const doing = (deletes ? DELETING[phase] : undefined) ?? DOING[phase];
  const lines = [`**${phase}**: ${doing}`, '', `- batch: ${code(batchId)}`, `- items: ${wordsOfCounts(counts)}`];
  if (refused > 0) lines.push(`- refused: ${refused} entries that can be no items; see the report`);
  if (!outcome) lines.push(`- under way: ${groups} groups, at most ${inFlight} items at once`);
  if (itemsPerSec !== undefined) lines.push(`- rate: ${itemsPerSec.toPrecision(3)} items a second`);
  if (secondsLeft !== undefined && !outcome) lines.push(`- time left: about ${wordsOfTime(secondsLeft)}`);
  if (reason) lines.push(`- reason given: ${code(reason)}`);
  if (uri) lines.push(`- list and outcomes: ${code(uri)}`);
  if (status.error) lines.push(`- error: ${status.error.type}: ${code(status.error.message)}`);
  lines.push(...linesOfFailures(status.failures));
  const stay = outcome === undefined || !deletes ? 0 : stayIn(counts);
  if (stay > 0)
    lines.push('', `${stay} stay as they were: somebody else has their keys by now, or they were not come to.`);
  if (!outcome) lines.push('', deletes ? CANCEL_OF_DELETION : CANCEL);
  return lines.join('\n');
}

/** Items that a removal has left as they were; one that was never begun has made nothing. */
const stayIn = ({ items, by: { deleted = 0, pending = 0, failed = 0 } }: BatchCounts): number =>
  items - deleted - pending - failed;

/** The same of one group of a batch. */
export function detailsOfGroup(
  batchId: string,
  { from, end }: ItemRange,
  news: GroupNews,
  { deletes = false }: { deletes?: boolean } = {},
): string {
  const { counts, due, failures } = news;
  const lines = [`**items ${from} to ${end - 1}** of the batch ${code(batchId)}`, ''];
  if (deletes) lines.push('What these items have made is removed by force, also of those that had completed.', '');
  const isUntold = deletes && counts.by.pending === counts.items; // it tells with its end
  if (!isUntold) lines.push(`- items: ${wordsOfCounts(counts)}`);
  lines.push(...linesOfFailures(failures));
  if (deletes) return lines.join('\n').trimEnd();
  if (Object.values(due).some((items) => items > 0)) {
    const oneOfThem = 'One of them is stopped by its key (`asset-lifecycle cancel <key>`),';
    lines.push('', `A cancel here stops these items. ${oneOfThem}`, 'the whole batch by its own workflow.');
  }
  return lines.join('\n');
}

function wordsOfCounts({ items, by }: BatchCounts): string {
  const parts = Object.entries(by).map(([where, count]) => `${count} ${where}`);
  return [String(items), ...(parts.length > 0 ? [`(${parts.join(', ')})`] : [])].join(' ');
}

function linesOfFailures(failures: readonly ItemFailure[]): string[] {
  if (failures.length === 0) return [];
  const lines = failures.toReversed().map(({ key, error }) => `- ${code(key)}: ${error.type}: ${code(error.message)}`);
  return ['', 'Newest failures:', '', ...lines];
}

function wordsOfTime(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

/** Shown as code, so that Markdown in a name has no effect. */
const code = (text: string): string => `\`${firstOf(text.replaceAll('`', "'").replaceAll(/\s+/g, ' '), 300)}\``;
