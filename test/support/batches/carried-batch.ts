import type { BatchStatus } from '../../../src/contracts/batch/batch-status';

const items = { type: 'folder', path: '/media' } as const;

/** What a run of a batch has handed on that had planned two groups of two items, and had started none of them yet. */
export const carriedOf = (batchId: string) => {
  const ref = { batchId, provider: 'twelvelabs', storeId: 'store-1', start: 'this start' };
  const common = { refused: 0, totalBytes: 0, groups: 0, inFlight: 10, failures: [] };
  const counts = { items: 4, by: { pending: 4 }, bytes: 0 };
  const status: BatchStatus = { batchId, provider: 'twelvelabs', phase: 'running', counts, timings: {}, ...common };
  const nothing = { items: 0, by: {}, bytes: 0 };
  const listed = { ...ref, items: 4, refused: 0, bytes: 0, uri: 'file:///results' };
  return {
    batch: { batchId, provider: 'twelvelabs', items, each: {}, failureMode: 'FailAfterAll', inFlight: 10 },
    listed,
    progress: { status, listed, open: [], ended: nothing, endedBefore: 0, failures: [], paused: false },
    ...{ next: 4, startsNothing: false },
    planned: [
      { from: 0, end: 2 },
      { from: 2, end: 4 },
    ],
  };
};
