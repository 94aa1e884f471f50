import { runBenches } from '../run-benches';
import { benchKills } from './kills';
import { benchMemory } from './memory';
import { CHUNK_BYTES } from './source-files';
import { benchThroughput } from './throughput';

/** `npm run bench:upload [-- name …]`: uploads in parts, on loopback and against the emulator. */
runBenches('bench:upload', { throughput: benchThroughput, memory: benchMemory, kills: benchKills }, [
  '--chunk-bytes',
  String(CHUNK_BYTES),
  '--part-bytes',
  'hash',
]);
