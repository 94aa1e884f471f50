import type { ReportEntry } from '../../../src/batch/report';
import { batchUploadResult } from '../../../src/client/batches/upload-result';

async function* each(entries: readonly ReportEntry[]): AsyncGenerator<ReportEntry> {
  yield* entries;
}

const item = (number: number, changes: object): ReportEntry => ({
  ...{ item: number, key: `/media/${number}.jpg`, phase: 'completed', outcome: 'completed' },
  ...changes,
});

test('a batch has the fields of an upload of many files', async () => {
  const ingestion = { id: 's1', in: 'd1' };
  const error = { type: 'ProcessingFailed', message: 'EBADFORMAT: broken' } as const;
  const result = await batchUploadResult(
    each([
      { at: 'notes.txt', refused: 'InvalidRequest', reason: 'no kind that is taken' },
      item(0, { ingestion }),
      item(1, { ingestion }),
      item(2, { phase: 'failed', outcome: 'failed', error, ingestion: { id: 's2', in: 'd1' } }),
      item(3, { phase: 'processing', outcome: undefined }),
      item(4, { phase: 'pending', outcome: undefined }),
      item(5, { phase: 'cancelled', outcome: 'cancelled' }),
    ]),
  );
  const { summary, ...fields } = result;
  expect(fields).toEqual({
    ...{ totalFiles: 6, totalSucceeded: 2, totalFailed: 1, totalProcessing: 1, totalUnsent: 2, totalSkipped: 1 },
    ...{ successRate: (2 / 6) * 100, isComplete: false },
    sessionIds: ['s1', 's2'],
    sessions: [ingestion, { id: 's2', in: 'd1' }],
    failedFiles: [{ path: '/media/2.jpg', filename: '2.jpg', type: 'ProcessingFailed', message: 'EBADFORMAT: broken' }],
    unsent: ['/media/4.jpg', '/media/5.jpg'],
    skipped: [{ path: 'notes.txt', message: 'no kind that is taken' }],
  });
  expect(summary()).toBe(
    '2 of 6 files uploaded (33.3 %), 1 failed, 1 under way, 2 not sent, 1 that can be no item, sessions: s1 s2',
  );
});

test('of many failures the first 500 are named, and all are counted', async () => {
  const failed = Array.from({ length: 700 }, (_, n) => item(n, { outcome: 'failed', error: undefined }));
  const { totalFailed, failedFiles } = await batchUploadResult(each(failed));
  expect([totalFailed, failedFiles.length]).toEqual([700, 500]);
});
