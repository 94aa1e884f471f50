import type { ReportEntry, ReportItem } from '../../batch/report';
import type { IngestionRef } from '../../contracts/lifecycle-status';
import type { FailedFile, UploadResult } from '../transfers/upload-assets';

/** Most files that are named of each kind; the totals count all. */
const MOST_NAMED = 500;

/** A batch in the terms of an upload of many files; the first {@link MOST_NAMED} files of each kind are named. */
export interface BatchUploadResult extends Omit<UploadResult, 'sessions' | 'unchanged' | 'durationMs'> {
  /** Entries that can be no item, which are not among the files. */
  totalSkipped: number;
  /** The sessions in which files were handed in, where the provider has such; none at others. */
  sessions: IngestionRef[];
}

/** Reads a report as it comes. */
export async function batchUploadResult(entries: AsyncIterable<ReportEntry>): Promise<BatchUploadResult> {
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
  const sessions = new Map<string, IngestionRef>();
  for await (const entry of entries) {
    if ('refused' in entry) {
      totals.totalSkipped += 1;
      if (skipped.length < MOST_NAMED) skipped.push({ path: nameOf(entry), message: entry.reason });
      continue;
    }
    const state = stateOf(entry);
    totals.totalFiles += 1;
    totals[state] += 1;
    if (entry.ingestion) sessions.set(entry.ingestion.id, entry.ingestion);
    if (state === 'totalUnsent' && unsent.length < MOST_NAMED) unsent.push(entry.key);
    if (state === 'totalFailed' && failedFiles.length < MOST_NAMED) failedFiles.push(failedFile(entry));
  }
  const successRate = totals.totalFiles === 0 ? 0 : (totals.totalSucceeded / totals.totalFiles) * 100;
  const result = {
    ...{ ...totals, successRate, isComplete: totals.totalProcessing === 0 },
    ...{ sessionIds: [...sessions.keys()], sessions: [...sessions.values()], failedFiles, unsent, skipped },
  };
  return { ...result, summary: () => summaryOf(result) };
}

type Total = 'totalSucceeded' | 'totalFailed' | 'totalProcessing' | 'totalUnsent';

/** An item that was stopped is none that failed: nothing of it is wanted. */
function stateOf({ phase, outcome }: ReportItem): Total {
  if (outcome === 'completed') return 'totalSucceeded';
  if (outcome === 'failed') return 'totalFailed';
  return outcome === undefined && phase !== 'pending' ? 'totalProcessing' : 'totalUnsent';
}

const failedFile = ({ key, asset, error }: ReportItem): FailedFile => ({
  path: key,
  filename: asset?.filename ?? key.slice(key.lastIndexOf('/') + 1),
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
