import { runBenches } from '../run-benches';
import { benchCosts } from './costs';
import { benchMemory, benchWaitingItems } from './memory';
import { benchRate } from './rate';

/** `npm run bench:batch [-- name …]`: batches of small images against the emulator. */
runBenches('bench:batch', { rate: benchRate, costs: benchCosts, memory: benchMemory, waiting: benchWaitingItems });
