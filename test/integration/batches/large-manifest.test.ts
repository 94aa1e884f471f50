import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ListingPlace } from '../../support/batches/listing';

jest.setTimeout(120_000);
const LINES = 20_000;
const NOTE_BYTES = 2000;
/** A page of a thousand lines, as text and as values, and 16 bytes of each key. All lines together are twice as much. */
const MOST_BYTES = (LINES * NOTE_BYTES) / 2;

let place: ListingPlace;
beforeAll(async () => {
  place = await ListingPlace.make();
});
afterAll(() => place.close());

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is in use, without what is only not collected yet. */
const memory = (): number => {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

test('a manifest of 20,000 lines is listed as a stream, in memory that does not grow with it', async () => {
  const file = path.join(place.media, 'many.ndjson');
  const note = 'x'.repeat(NOTE_BYTES);
  await pipeline(
    Readable.from(
      (function* lines() {
        for (let n = 0; n < LINES; n += 1000) {
          let block = '';
          for (let k = n; k < n + 1000; k++) {
            block += `{"url":"https://m.example/${k}.mp4","metadata":{"nth":${k},"note":"${note}"}}\n`;
          }
          yield block;
        }
      })(),
    ),
    createWriteStream(file),
  );
  const before = memory();
  let most = 0;
  let items = 0;
  const onPage = (soFar: { items: number }): void => {
    ({ items } = soFar);
    most = Math.max(most, memory() - before);
  };
  const index = await place.index({ items: { type: 'manifest', uri: file } }, { onPage });
  expect([items, index.items, index.refused, index.pages.length]).toEqual([LINES, LINES, 0, LINES / 1000]);
  expect(most).toBeLessThan(MOST_BYTES);
});
