import type { ReportEntry } from '../../../src/batch/report';
import type { ListedEntry } from '../../../src/contracts/batch/listed-items';
import { batchUploadResult } from '../../../src/client/batches/upload-result';

async function* each<T>(entries: readonly T[]): AsyncGenerator<T> {
  yield* entries;
}

/** The entries of a batch at a provider whose keys begin with the place, listed from files. */
const listedAs = (entries: readonly ReportEntry[]): AsyncGenerator<ListedEntry> =>
  each(
    entries.map((entry): ListedEntry => {
      if ('refused' in entry) return entry;
      const source = { type: 'file', path: `/media/${entry.item}.jpg` } as const;
      return { at: entry.item, item: entry.item, key: entry.key, filename: `${entry.item}.jpg`, source };
    }),
  );

const item = (number: number, changes: object): ReportEntry => ({
  ...{ item: number, key: `d1-/media/${number}.jpg`, phase: 'completed', outcome: 'completed' },
  ...changes,
});

test('a batch has the fields of an upload of many files', async () => {
  const ingestion = { id: 's1', in: 'd1' };
  const error = { type: 'ProcessingFailed', message: 'EBADFORMAT: broken' } as const;
  const entries: ReportEntry[] = [
    { at: 'notes.txt', refused: 'InvalidRequest', reason: 'no kind that is taken' },
    item(0, { ingestion }),
    item(1, { ingestion }),
    item(2, { phase: 'failed', outcome: 'failed', error, ingestion: { id: 's2', in: 'd1' } }),
    item(3, { phase: 'processing', outcome: undefined }),
    item(4, { phase: 'pending', outcome: undefined }),
    item(5, { phase: 'cancelled', outcome: 'cancelled' }),
  ];
  const result = await batchUploadResult(each(entries), listedAs(entries));
  const { summary, ...fields } = result;
  expect(fields).toEqual({
    ...{ totalFiles: 6, totalSucceeded: 2, totalFailed: 1, totalProcessing: 1, totalUnsent: 2, totalSkipped: 1 },
    ...{ successRate: (2 / 6) * 100, isComplete: false },
    sessionIds: ['s1', 's2'],
    sessions: [
      { ...ingestion, progress: { total: 2, succeeded: 2, errored: 0 }, failed: {} },
      {
        ...{ id: 's2', in: 'd1', progress: { total: 1, succeeded: 0, errored: 1 } },
        failed: { '2.jpg': 'ProcessingFailed' },
      },
    ],
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
  const { totalFailed, failedFiles } = await batchUploadResult(each(failed), listedAs(failed));
  expect([totalFailed, failedFiles.length]).toEqual([700, 500]);
});

test('files of other sources are named as they were listed, without what may be secret', async () => {
  const sources = [
    { type: 'url', url: 'https://m.example/a.mp4?token=secret' },
    { type: 's3', bucket: 'media', key: 'b.mp4', versionId: 'v1' },
    { type: 'asset', assetId: 'a1' },
  ] as const;
  const entries = sources.map((_source, n) => item(n, { phase: 'failed', outcome: 'failed' }));
  const listed = sources.map((source, n) => ({ at: n, item: n, key: `own-${n}`, filename: '', source }));
  const { failedFiles } = await batchUploadResult(each(entries), each(listed));
  expect(failedFiles.map(({ path }) => path)).toEqual(['https://m.example/a.mp4', 's3://media/b.mp4', 'a1']);
});
