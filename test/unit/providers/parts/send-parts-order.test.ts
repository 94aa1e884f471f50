import { Readable } from 'node:stream';
import fc from 'fast-check';
import { only } from '../../../../src/providers/outcome';
import { PartRefused, type PartUploads } from '../../../../src/providers/part-uploads';
import { PartBuffers } from '../../../../src/providers/shared/parts/part-buffers';
import { PartUrls } from '../../../../src/providers/shared/parts/part-urls';
import { sendParts } from '../../../../src/providers/shared/parts/send-parts';
import type { SourceBytes } from '../../../../src/storage/files/source-bytes';
import { PART_BYTES } from '../../../support/memory/intake';
import { MemoryProvider } from '../../../support/memory-provider';

const tag = { key: 'k', owner: 'o', workflowId: 'w', runId: 'r', onCancel: 'delete', onFailure: 'keep' } as const;

/** What the store does with each PUT in turn: the turns that it takes, and whether it refuses the part. */
const answers = fc.array(
  fc.record({
    turns: fc.nat({ max: 6 }),
    refusal: fc.option(fc.constantFrom('stale', 'damaged'), { freq: 4, nil: undefined }),
  }),
  { maxLength: 20 },
);

test('neither the order in which parts arrive nor parts that are sent again change the asset’s bytes', async () => {
  const orders = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: PART_BYTES + 1, maxLength: 8 * PART_BYTES, size: 'max' }),
      fc.integer({ min: 1, max: 5 }),
      answers,
      async (array, concurrency, told) => {
        const content = Buffer.from(array);
        const memory = new MemoryProvider();
        const source: SourceBytes = {
          ...{ filename: 'a.mp4', sizeBytes: content.byteLength, fingerprint: 'f', content: 'file:c' },
          read: ({ start, end } = { start: 0, end: content.byteLength }, into = Buffer.alloc(end - start)) => {
            content.copy(into, 0, start, end); // as a file is read: into the lane's buffer, which is used again
            return Readable.from([into.subarray(0, end - start)]);
          },
        };
        const item = { filename: 'a.mp4', metadata: {}, fields: {}, tag } as const;
        const submitted = only(await memory.intake.submit([{ ...item, content: { route: 'parts', bytes: source } }]));
        if (!('upload' in submitted)) throw new Error('no session was opened');
        const { upload } = submitted;
        const arrived: number[] = [];
        let puts = 0;
        const sessions: PartUploads = {
          ...memory.intake.parts,
          put: async (url, bytes, options) => {
            const { turns = 0, refusal } = told[puts++] ?? {};
            for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
            if (refusal && puts <= 4) throw new PartRefused(refusal, `part ${url.part}`);
            arrived.push(url.part);
            return memory.intake.parts.put(url, bytes, options);
          },
        };
        const { signal } = new AbortController();
        await sendParts({
          ...{ sessions, upload, source, reported: new Set(), concurrency, signal, stopping: signal },
          buffers: new PartBuffers(concurrency * PART_BYTES),
          urls: new PartUrls(sessions, upload, concurrency, signal, upload.urls),
          onSent: () => {},
        });
        orders.add(arrived.join());
        expect(memory.sessions.get(upload.sessionId)?.state).toBe('completed');
        expect(memory.contents.get(upload.assetId)?.equals(content)).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
  expect(
    [...orders].some(
      (order) =>
        order !==
        order
          .split(',')
          .toSorted((a, b) => Number(a) - Number(b))
          .join(),
    ),
  ).toBe(
    true, // or nothing was tried
  );
});
