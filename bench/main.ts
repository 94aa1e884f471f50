import Table from 'cli-table3';
import { startBenchSystem, type BenchSystem } from './bench-system';
import type { Figure } from './figures';
import { benchHistory } from './history';
import { benchThroughput } from './throughput';
import { benchUpload } from './upload';
import { benchWaiting } from './waiting';

const BENCHES: Record<string, (system: BenchSystem) => Promise<Figure[]>> = {
  throughput: benchThroughput,
  history: benchHistory,
  upload: benchUpload,
  waiting: benchWaiting,
};

/** `npm run bench [-- name …]`: figures of one run, side by side; exits 1 when one misses its goal. */
async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !(name in BENCHES));
  if (unknown.length > 0)
    throw new Error(`unknown bench ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`);
  const table = new Table({ head: ['figure', 'measured', 'goal', '', 'note'] });
  let missed = false;
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    console.error(`bench ${name} …`);
    const system = await startBenchSystem(process.env);
    try {
      for (const { name: figure, value, unit, goal, ok, note } of await bench(system)) {
        table.push([figure, `${value.toFixed(2)} ${unit}`.trim(), goal, ok ? 'ok' : 'MISSED', note ?? '']);
        missed ||= !ok;
      }
    } finally {
      await system.close();
    }
  }
  console.log(table.toString());
  if (missed) process.exitCode = 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
