import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import { packageRoot } from '../src/stack/package-root';
import { isForBatch } from './batches/schedule';
import { isForDataset } from './datasets/schedule';
import { explore, type Violation } from './explorer';
import { SABOTAGES, type Sabotage } from './sabotage';

interface Flags {
  seed: string;
  runs: string;
  lanes: string;
  datasets?: boolean;
  batches?: boolean;
  sabotage?: Sabotage;
  evidence?: string;
  shrink: boolean;
  json?: boolean;
}

/** `npm run test:chaos`: exit code 0 without a violation, 1 with one. */
async function main(): Promise<void> {
  const { seed, runs, lanes, datasets, batches, sabotage, evidence, shrink, json } = new Command('test:chaos')
    .description('Runs lifecycles under drawn faults, deaths and stops, and checks every promise after each.')
    .option('--seed <n>', 'seed of the first schedule; a failing one is run again by its own', '1')
    .option('--runs <n>', 'how many schedules', '100')
    .option('--datasets', 'only the seeds that draw lifecycles in a dataset')
    .option('--batches', 'only the seeds that draw a batch')
    .option('--lanes <n>', 'how many at a time', '10')
    .addOption(new Option('--sabotage <guard>', 'take a guard out of the worker').choices(SABOTAGES))
    .option('--evidence <folder>', 'write there what is known of each run with a violation')
    .option('--no-shrink', 'look for no smaller schedule that fails')
    .option('--json', 'print the outcome as JSON')
    .parse()
    .opts<Flags>();
  const drawn = Array.from({ length: Number(runs) }, (_, n) => Number(seed) + n);
  const inDataset = (one: number): boolean => isForDataset(one) && !isForBatch(one);
  const seeds = datasets ? drawn.filter(inDataset) : batches ? drawn.filter(isForBatch) : drawn;
  const show = (line: string): void => void process.stderr.write(`${line}\n`);
  let shownAt = 0;
  const { violations, coverage, ...found } = await explore({
    lanes: Number(lanes),
    sabotage,
    seeds,
    samples: path.join(packageRoot(), 'samples'),
    environment: process.env,
    shrinkMs: shrink ? 120_000 : 0,
    onViolation(violation) {
      show(`seed ${violation.seed}: ${violation.words.join('; ')}`);
      if (evidence) writeEvidence(evidence, violation);
    },
    onProgress(done, violated) {
      if (Date.now() - shownAt < 5000) return;
      shownAt = Date.now();
      show(`${done} of ${seeds.length} runs, ${violated} with violations`);
    },
  });
  for (const violation of violations) show(describe(violation));
  const all = { 'of a key': coverage.ofKeys, 'in a dataset': coverage.inDatasets, 'of a batch': coverage.ofBatches };
  const covered = Object.entries(all).filter(([, { isEmpty }]) => !isEmpty);
  for (const [where, { table }] of covered) show(`${where}:\n${table}`);
  const missing = covered.flatMap(([where, one]) => one.missing.map((pair) => `${pair} ${where}`));
  const total = covered.reduce((sum, [, one]) => sum + one.total, 0);
  const pairs = `${total - missing.length} of ${total} pairs of phase and event or situation`;
  if (missing.length > 0) show(`not reached: ${missing.join(', ')}`);
  const words = `${found.runs} runs, ${violations.length} with violations, ${pairs}, ${found.seconds.toFixed(0)} s`;
  const told = violations.map(({ evidence: _long, ...violation }) => violation);
  console.log(json ? JSON.stringify({ ...found, violations: told, missing }) : words);
  process.exitCode = violations.length > 0 ? 1 : 0;
}

function writeEvidence(folder: string, { seed, evidence }: Violation): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `seed-${seed}.json`), JSON.stringify(evidence, null, 1));
}

function describe({ seed, schedule, words, smallest }: Violation): string {
  return [
    `VIOLATION with seed ${seed}; again: npm run test:chaos -- --seed ${seed} --runs 1`,
    ...words.map((one) => `  ${one}`),
    `  ${JSON.stringify(schedule)}`,
    ...(smallest
      ? [`  smallest: ${JSON.stringify(smallest.schedule)}`, ...smallest.words.map((one) => `    ${one}`)]
      : []),
  ].join('\n');
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130)); // its children end with it

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 70;
});
