import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFolderResultStore } from '../../../src/storage/results/folder-result-store';

const EMBEDDING = Array.from({ length: 1024 }, (_, index) => Math.sin(index)); // a record of about 20 KB
const RECORDS = 400;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-yields-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('two large results at a time leave the event loop to timers and heartbeats every few records', async () => {
  let turn = 0;
  let running = true;
  const count = (): void => {
    turn += 1;
    if (running) setImmediate(count);
  };
  count();
  const inTurn = new Map<number, number>();
  const records = async function* () {
    for (let index = 0; index < RECORDS; index += 1) {
      inTurn.set(turn, (inTurn.get(turn) ?? 0) + 1);
      yield { index, embedding: EMBEDDING };
    }
  };
  const store = createFolderResultStore(folder);
  const stored = await Promise.all([store.write('one', records()), store.write('other', records())]);
  running = false;
  expect(stored.map((one) => one.count)).toEqual([RECORDS, RECORDS]);
  expect(Math.max(...inTurn.values())).toBeLessThan(40);
});
