import { spawn } from 'node:child_process';
import path from 'node:path';

const MAIN = path.resolve(__dirname, '../../dist/src/cli/main.js');

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command line as a person would, with nothing in its environment but what is given. */
export async function cli(args: string[], environment: NodeJS.ProcessEnv = {}, cwd?: string): Promise<CliResult> {
  return run(process.execPath, [MAIN, ...args], environment, cwd);
}

/** What a child process needs of this one; an emulator in it holds its traffic against the provider's schemas too. */
export function inherited(): NodeJS.ProcessEnv {
  const { PATH, HOME, ASSET_LIFECYCLE_EMULATOR_VIOLATIONS } = process.env;
  return { PATH, HOME, ASSET_LIFECYCLE_EMULATOR_VIOLATIONS };
}

export async function run(
  program: string,
  args: string[],
  environment: NodeJS.ProcessEnv = {},
  cwd?: string,
): Promise<CliResult> {
  const child = spawn(program, args, {
    cwd,
    env: { ...inherited(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err]: string[][] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out?.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => err?.push(chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout: (out ?? []).join(''), stderr: (err ?? []).join('') };
}
