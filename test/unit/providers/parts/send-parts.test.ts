import { Readable } from 'node:stream';
import { PartBuffers } from '../../../../src/providers/shared/parts/part-buffers';
import { PartUrls } from '../../../../src/providers/shared/parts/part-urls';
import { sendParts } from '../../../../src/providers/shared/parts/send-parts';
import type { PartUploads } from '../../../../src/providers/part-uploads';
import type { SourceBytes } from '../../../../src/storage/files/source-bytes';
import { MemoryProvider } from '../../../support/memory-provider';

const PART = 10;
const PARTS = 8;
const content = Buffer.from(Array.from({ length: PART * PARTS }, (_, at) => at));
const source: SourceBytes = {
  ...{ filename: 'a.mp4', sizeBytes: content.byteLength, fingerprint: '', content: '' },
  read: ({ start, end } = { start: 0, end: content.byteLength }) => Readable.from([content.subarray(start, end)]),
};
const upload = { sessionId: 's', assetId: 'a', partBytes: PART, totalParts: PARTS, fingerprint: '', headers: {} };

/** Sends all parts with that much memory, to a store that answers after a turn; tells how many were on their way. */
async function send(memory: number, stopping = new AbortController()) {
  let underWay = 0;
  const seen = { most: 0, arrived: new Map<number, string>() };
  const sessions: PartUploads = {
    ...new MemoryProvider().intake.parts,
    urls: async (_id: string, { first, count }: { first: number; count: number }) =>
      Array.from({ length: count }, (_, at) => ({ part: first + at, url: 'u', expiresAt: Date.now() + 3_600_000 })),
    put: async (...[{ part }, bytes]: Parameters<PartUploads['put']>) => {
      seen.most = Math.max(seen.most, ++underWay);
      await new Promise(setImmediate);
      seen.arrived.set(part, bytes.toString('hex'));
      underWay -= 1;
      return 'etag';
    },
    report: async () => {},
  };
  const { signal } = new AbortController();
  await sendParts({
    ...{ sessions, upload, source, reported: new Set([1]), concurrency: 4, signal, stopping: stopping.signal },
    buffers: new PartBuffers(memory),
    urls: new PartUrls(sessions, upload, 4, signal),
    onSent: () => stopping.signal.aborted || (memory === 0 && stopping.abort()),
  });
  return seen;
}

const expected = new Map(
  Array.from({ length: PARTS - 1 }, (_, at) => [
    at + 2,
    content.subarray((at + 1) * PART, (at + 2) * PART).toString('hex'),
  ]),
);

test.each([
  [4, 1000],
  [2, 2 * PART],
  [1, PART],
])('%i parts are on their way at once with memory for %i bytes, and all arrive whole', async (most, memory) => {
  const seen = await send(memory);
  expect(seen.most).toBe(most);
  expect(new Map([...seen.arrived].toSorted(([a], [b]) => a - b))).toEqual(expected);
});

test('a worker that is to stop begins no part that waited for memory', async () => {
  const { arrived } = await send(0); // one at a time; told to stop once the first is in
  expect([...arrived.keys()]).toEqual([2]);
});
