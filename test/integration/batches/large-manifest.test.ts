import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ListingPlace } from '../../support/batches/listing';

jest.setTimeout(120_000);
const LINES = 20_000;
/** Hashes of the keys are 16 bytes each, in tables that are at least half full; the rest is buffers and pages. */
const MOST_BYTES = 96 * 2 ** 20;

let place: ListingPlace;
beforeAll(async () => {
  place = await ListingPlace.make();
});
afterAll(() => place.close());

const memory = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

test('a manifest of 20,000 lines is listed as a stream, in memory that does not grow with it', async () => {
  const file = path.join(place.media, 'many.ndjson');
  await pipeline(
    Readable.from(
      (function* lines() {
        for (let n = 0; n < LINES; n += 1000) {
          let block = '';
          for (let k = n; k < n + 1000; k++) block += `{"url":"https://m.example/${k}.mp4","metadata":{"nth":${k}}}\n`;
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
