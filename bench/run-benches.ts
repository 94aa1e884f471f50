import { loadavg } from 'node:os';
import Table from 'cli-table3';
import { startBenchSystem, type BenchSystem } from './bench-system';
import type { Figure } from './figures';

export type Benches = Record<string, (system: BenchSystem) => Promise<Figure[]>>;

/** Prints the figures of one run, side by side; the process exits 1 when one misses its goal. */
export function runBenches(benches: Benches, names: readonly string[], emulatorFlags?: readonly string[]): void {
  run(benches, names, emulatorFlags).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}

async function run(benches: Benches, names: readonly string[], emulatorFlags?: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !(name in benches));
  if (unknown.length > 0)
    throw new Error(`unknown bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
  const table = new Table({ head: ['figure', 'measured', 'goal', '', 'note'] });
  let missed = false;
  for (const [name, bench] of Object.entries(benches)) {
    if (names.length > 0 && !names.includes(name)) continue;
    console.error(`bench ${name} … (load ${loadavg()[0]?.toFixed(1)})`);
    for (const { name: figure, value, unit, goal, ok, note } of await figuresOf(bench, emulatorFlags)) {
      table.push([figure, `${value.toFixed(2)} ${unit}`.trim(), goal, ok ? 'ok' : 'MISSED', note ?? '']);
      missed ||= !ok;
    }
  }
  console.log(table.toString());
  if (missed) process.exitCode = 1;
}

/** The files of a bench are large and its processes many: they go also when it is told to stop. */
async function figuresOf(bench: Benches[string], emulatorFlags?: readonly string[]): Promise<Figure[]> {
  const system = await startBenchSystem(process.env, emulatorFlags);
  const stop = (): void => void system.close().finally(() => process.exit(1));
  process.once('SIGTERM', stop).once('SIGINT', stop);
  try {
    return await bench(system);
  } finally {
    process.off('SIGTERM', stop).off('SIGINT', stop);
    await system.close();
  }
}
