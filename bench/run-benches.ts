import { loadavg } from 'node:os';
import { Command } from 'commander';
import Table from 'cli-table3';
import { medianFigures, type Figure } from './figures';
import { startBenchSystem, type BenchOptions, type BenchSystem } from './system/bench-system';

/** What the command line says of a run. */
export interface BenchSettings {
  cluster: boolean;
  /** Items of a batch, where it was given. */
  items?: number;
}

export type Benches = Record<string, (system: BenchSystem, settings: BenchSettings) => Promise<Figure[]>>;

interface Flags {
  cluster?: boolean;
  runs: string;
  json?: boolean;
  items?: string;
}

/**
 * Prints the figures, side by side; the process exits 1 when one misses its goal, and 70 when a bench breaks.
 * @param name of the npm script, for the help.
 */
export function runBenches(name: string, benches: Benches, emulatorFlags?: readonly string[]): void {
  const command = new Command(name)
    .description('Measures what the documentation gives figures of.')
    .argument('[names...]', `benches, of ${Object.keys(benches).join(', ')}; all when there is none`)
    .option('--runs <n>', 'how often each is run; the median of each figure is given', '1')
    .option('--cluster', 'on a Temporal server with PostgreSQL instead of the dev server')
    .option('--json', 'print the figures as JSON')
    .option('--items <n>', 'items of a batch, where a bench takes any number')
    .parse();
  const flags = command.opts<Flags>();
  run(benches, command.args, flags, { emulatorFlags, cluster: flags.cluster }).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 70;
  });
}

async function run(
  benches: Benches,
  names: readonly string[],
  { runs, json, items }: Flags,
  options: BenchOptions,
): Promise<void> {
  const settings = { cluster: options.cluster ?? false, ...(items && { items: Number(items) }) };
  const unknown = names.filter((name) => !(name in benches));
  if (unknown.length > 0)
    throw new Error(`unknown bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
  const figures: Figure[] = [];
  for (const [name, bench] of Object.entries(benches)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const found: Figure[][] = [];
    for (let turn = 1; turn <= Number(runs); turn++) {
      console.error(`bench ${name}, ${turn} of ${runs} … (load ${loadavg()[0]?.toFixed(1)})`);
      found.push(await figuresOf(bench, options, settings));
    }
    figures.push(...medianFigures(found));
  }
  console.log(json ? JSON.stringify(figures) : tableOf(figures));
  if (figures.some(({ ok }) => !ok)) process.exitCode = 1;
}

function tableOf(figures: readonly Figure[]): string {
  const table = new Table({ head: ['figure', 'measured', 'goal', '', 'note'] });
  for (const { name, value, unit, goal, ok, note } of figures)
    table.push([name, `${value.toFixed(2)} ${unit}`.trim(), goal, ok ? 'ok' : 'MISSED', note ?? '']);
  return table.toString();
}

/** The files of a bench are large and its processes many: they go also when it is told to stop. */
async function figuresOf(bench: Benches[string], options: BenchOptions, settings: BenchSettings): Promise<Figure[]> {
  const system = await startBenchSystem(process.env, options);
  const stop = (): void => void system.close().finally(() => process.exit(1));
  process.once('SIGTERM', stop).once('SIGINT', stop);
  try {
    return await bench(system, settings);
  } finally {
    process.off('SIGTERM', stop).off('SIGINT', stop);
    await system.close();
  }
}
