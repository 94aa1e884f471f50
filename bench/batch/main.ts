import { runBenches } from '../run-benches';
import { benchRate } from './rate';

/** `npm run bench:batch [-- name …]`: batches of small images against the emulator. */
runBenches('bench:batch', { rate: benchRate });
