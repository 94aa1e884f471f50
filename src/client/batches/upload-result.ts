import type { ReportEntry, ReportItem } from '../../batch/report';
import { isRefused, type ListedEntry, type ListedItem } from '../../contracts/batch/listed-items';
import type { IngestionRef } from '../../contracts/lifecycle-status';
import { pathOfSource } from '../../contracts/source-name';
import type { Ingestion } from '../../providers/ingestions';
import type { FailedFile, UploadResult } from '../transfers/upload-assets';

/** Most files that are named of each kind; the totals count all. */
const MOST_NAMED = 500;

/** A session of the provider, as far as the outcomes of a batch tell; the provider's own record of it has more. */
export interface BatchSession extends IngestionRef {
  /** Files of the batch that were handed in there last; one that was stopped is neither. */
  progress: Ingestion['progress'];
  /** Failure type of each file that failed, by its name, as far as {@link BatchUploadResult.failedFiles} names them. */
  failed: Record<string, string>;
}

/**
 * A batch in the terms of an upload of many files; the first {@link MOST_NAMED} files of each kind are named, each by its path,
 * URL or S3 URI.
 */
export interface BatchUploadResult extends Omit<UploadResult, 'sessions' | 'unchanged' | 'durationMs'> {
  /** Entries that can be no item, which are not among the files. */
  totalSkipped: number;
  /** The sessions in which files were handed in, where the provider has such; none at others. */
  sessions: BatchSession[];
}

/**
 * Reads a report as it comes.
 * @param listed the entries of the batch, which the report has in the same order
 */
export async function batchUploadResult(
  entries: AsyncIterable<ReportEntry>,
  listed: AsyncIterator<ListedEntry>,
): Promise<BatchUploadResult> {
  const totals = {
    totalFiles: 0,
    totalSucceeded: 0,
    totalFailed: 0,
    totalProcessing: 0,
    totalUnsent: 0,
    totalSkipped: 0,
  };
  const failedFiles: FailedFile[] = [];
  const unsent: string[] = [];
  const skipped: UploadResult['skipped'] = [];
  const sessions = new Map<string, BatchSession>();
  for await (const entry of entries) {
    const { value: found } = (await listed.next()) as { value?: ListedEntry };
    if ('refused' in entry) {
      totals.totalSkipped += 1;
      if (skipped.length < MOST_NAMED) skipped.push({ path: nameOf(entry), message: entry.reason });
      continue;
    }
    const state = stateOf(entry);
    const item = found && !isRefused(found) ? found : undefined;
    const path = item ? pathOfSource(item.source) : entry.key; // a key may be anything
    totals.totalFiles += 1;
    totals[state] += 1;
    const session = entry.ingestion && sessionIn(sessions, entry.ingestion);
    if (session) count(session.progress, state);
    if (state === 'totalUnsent' && unsent.length < MOST_NAMED) unsent.push(path);
    if (state !== 'totalFailed' || failedFiles.length >= MOST_NAMED) continue;
    const file = failedFile(entry, path, item);
    failedFiles.push(file);
    if (session && file.type !== undefined) session.failed[file.filename] = file.type;
  }
  const successRate = totals.totalFiles === 0 ? 0 : (totals.totalSucceeded / totals.totalFiles) * 100;
  const result = {
    ...{ ...totals, successRate, isComplete: totals.totalProcessing === 0 },
    ...{ sessionIds: [...sessions.keys()], sessions: [...sessions.values()], failedFiles, unsent, skipped },
  };
  return { ...result, summary: () => summaryOf(result) };
}

function sessionIn(sessions: Map<string, BatchSession>, ref: IngestionRef): BatchSession {
  const known = sessions.get(ref.id);
  if (known) return known;
  const session = { ...ref, progress: { total: 0, succeeded: 0, errored: 0 }, failed: {} };
  sessions.set(ref.id, session);
  return session;
}

function count(progress: BatchSession['progress'], state: Total): void {
  progress.total += 1;
  if (state === 'totalSucceeded') progress.succeeded += 1;
  if (state === 'totalFailed') progress.errored += 1;
}

type Total = 'totalSucceeded' | 'totalFailed' | 'totalProcessing' | 'totalUnsent';

/** An item that was stopped is none that failed: nothing of it is wanted. */
function stateOf({ phase, outcome }: ReportItem): Total {
  if (outcome === 'completed') return 'totalSucceeded';
  if (outcome === 'failed') return 'totalFailed';
  return outcome === undefined && phase !== 'pending' ? 'totalProcessing' : 'totalUnsent';
}

const failedFile = ({ asset, error }: ReportItem, path: string, item: ListedItem | undefined): FailedFile => ({
  path,
  filename: asset?.filename || item?.filename || path.slice(path.lastIndexOf('/') + 1),
  ...(error && { type: error.type }),
  message: error?.message ?? '',
});

const nameOf = ({ name, line, at }: Extract<ReportEntry, { refused: string }>): string =>
  name ?? (line === undefined ? String(at) : `line ${line}`);

function summaryOf(result: Omit<BatchUploadResult, 'summary'>): string {
  const { totalFiles, totalSucceeded, totalFailed, totalProcessing, totalUnsent, totalSkipped, successRate } = result;
  const others = [
    [totalFailed, 'failed'],
    [totalProcessing, 'under way'],
    [totalUnsent, 'not sent'],
    [totalSkipped, 'that can be no item'],
  ] as const;
  const counts = others.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`);
  const sessions = `sessions: ${result.sessionIds.join(' ') || 'none'}`;
  const first = `${totalSucceeded} of ${totalFiles} files uploaded (${successRate.toFixed(1)} %)`;
  return [first, ...counts, sessions].join(', ');
}
