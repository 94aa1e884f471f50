import { appendFileSync } from 'node:fs';

/**
 * Loaded into a worker with `--require`: appends each gap of its event loop, in milliseconds, to `BENCH_GAPS_FILE`.
 * Whoever waits for the loop, heartbeats too, waits as long.
 */
const TICK_MS = 10;
const WORTH_TELLING_MS = 20;

const file = process.env.BENCH_GAPS_FILE;
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  const gap = now - last - TICK_MS;
  last = now;
  if (file && gap > WORTH_TELLING_MS) appendFileSync(file, `${gap.toFixed(0)}\n`);
}, TICK_MS).unref();
