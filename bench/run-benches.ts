import { loadavg } from 'node:os';
import Table from 'cli-table3';
import { startBenchSystem, type BenchOptions, type BenchSystem } from './bench-system';
import type { Figure } from './figures';

export type Benches = Record<string, (system: BenchSystem) => Promise<Figure[]>>;

/**
 * Prints the figures of one run, side by side; the process exits 1 when one misses its goal.
 * @param args names of benches, all when there is none; `--cluster` runs them on a Temporal server with PostgreSQL.
 */
export function runBenches(benches: Benches, args: readonly string[], emulatorFlags?: readonly string[]): void {
  run(benches, args, emulatorFlags).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}

async function run(benches: Benches, args: readonly string[], emulatorFlags?: readonly string[]): Promise<void> {
  const names = args.filter((arg) => arg !== '--cluster');
  const options: BenchOptions = { emulatorFlags, cluster: args.includes('--cluster') };
  const unknown = names.filter((name) => !(name in benches));
  if (unknown.length > 0)
    throw new Error(`unknown bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
  const table = new Table({ head: ['figure', 'measured', 'goal', '', 'note'] });
  let missed = false;
  for (const [name, bench] of Object.entries(benches)) {
    if (names.length > 0 && !names.includes(name)) continue;
    console.error(`bench ${name} … (load ${loadavg()[0]?.toFixed(1)})`);
    for (const { name: figure, value, unit, goal, ok, note } of await figuresOf(bench, options)) {
      table.push([figure, `${value.toFixed(2)} ${unit}`.trim(), goal, ok ? 'ok' : 'MISSED', note ?? '']);
      missed ||= !ok;
    }
  }
  console.log(table.toString());
  if (missed) process.exitCode = 1;
}

/** The files of a bench are large and its processes many: they go also when it is told to stop. */
async function figuresOf(bench: Benches[string], options: BenchOptions): Promise<Figure[]> {
  const system = await startBenchSystem(process.env, options);
  const stop = (): void => void system.close().finally(() => process.exit(1));
  process.once('SIGTERM', stop).once('SIGINT', stop);
  try {
    return await bench(system);
  } finally {
    process.off('SIGTERM', stop).off('SIGINT', stop);
    await system.close();
  }
}
