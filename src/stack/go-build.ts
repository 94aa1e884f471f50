import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ProgramUnavailable, run, type Environment, type OnProgress } from './programs';

const REPORT_EVERY_MS = 5000;

interface GoBuild {
  go: string;
  /** Folder with the go.mod that pins the versions. */
  module: string;
  package: string;
  /** Path of the program. It appears only once it is complete. */
  target: string;
  environment: Environment;
  onProgress: OnProgress;
}

/** Builds a Go program from the module proxy, saying how far it is. */
export async function goBuild({ go, module, package: name, target, environment, onProgress }: GoBuild): Promise<void> {
  const options = { cwd: module, env: { ...environment, GOFLAGS: '-buildvcs=false' } as NodeJS.ProcessEnv };
  onProgress('fetching Go modules …');
  const listed = await run(go, ['list', '-deps', name], { ...options, maxBuffer: 64 * 1024 ** 2 }).catch(
    (error: Error) => {
      throw new ProgramUnavailable(`the Go modules of ${name} could not be fetched: ${lastLine(error.message)}`);
    },
  );
  const total = listed.stdout.trim().split('\n').length;

  const temporary = `${target}.${process.pid}`;
  await mkdir(path.dirname(target), { recursive: true });
  const child = spawn(go, ['build', '-v', '-o', temporary, name], { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
  let compiled = 0;
  let last = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    compiled += 1;
    last = line;
  });
  const report = (): void =>
    onProgress(`compiling: ${compiled} of at most ${total} packages (${percent(compiled, total)})`);
  report();
  const timer = setInterval(report, REPORT_EVERY_MS);
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new ProgramUnavailable(`${name} did not compile: ${last}`);
    await rename(temporary, target);
  } finally {
    clearInterval(timer);
    await rm(temporary, { force: true });
  }
}

const percent = (part: number, whole: number): string => `${Math.min(99, Math.round((part / whole) * 100))} %`;

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? text;
