import { runCli } from '../../src/cli/program';
import type { CliResult } from './cli';

/**
 * Runs a command inside this process. One that would stay up is told to stop as soon as it says that it is ready.
 * What the command prints is taken in full; nothing of it reaches the test's own output.
 */
export async function cliInProcess(args: readonly string[]): Promise<CliResult> {
  const result = { code: null as number | null, stdout: '', stderr: '' };
  const taking =
    (stream: 'stdout' | 'stderr') =>
    (text: unknown): boolean => {
      result[stream] += String(text);
      if (/emulator ready|"ready":"emulator"/.test(String(text))) setImmediate(() => process.emit('SIGTERM'));
      return true;
    };
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation(taking('stdout')),
    jest.spyOn(process.stderr, 'write').mockImplementation(taking('stderr')),
  ];
  try {
    result.code = await runCli(args);
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = 0;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeAllListeners(signal);
  }
  return result;
}
