import { inspect } from 'node:util';
import { Command, CommanderError } from 'commander';
import { temporalError, temporalSettings } from '../temporal/connection';

import { assetsCommand } from './commands/assets/assets';
import { batchCommand } from './commands/batch/batch';
import { checkCommand } from './commands/check';
import { demoCommand } from './demo/demo-command';
import { devCommand } from './commands/dev';
import { emulatorCommand } from './commands/emulator';
import { ingestCommand } from './commands/ingest/ingest';
import { listCommand } from './commands/lifecycles/list';
import { retryCommand } from './commands/lifecycles/retry';
import { sessionsCommand } from './commands/sessions/sessions';
import { setupCommand } from './commands/setup';
import { startCommand } from './commands/start';
import { statusCommand } from './commands/lifecycles/status';
import { cancelCommand, forceDeleteCommand } from './commands/stop';
import { sweepCommand } from './commands/sweep';
import { watchCommand } from './commands/lifecycles/watch';
import { workerCommand } from './commands/worker';
import { exitCodeOf } from './exit';
import { packageVersion } from '../stack/package-root';
import { note } from './output';
import { OutputClosed, outputFailed, printableLines, writeNote, writeOut } from './terminal';

const COMMANDS = [
  demoCommand,
  devCommand,
  workerCommand,
  emulatorCommand,
  startCommand,
  checkCommand,
  statusCommand,
  watchCommand,
  listCommand,
  cancelCommand,
  forceDeleteCommand,
  retryCommand,
  ingestCommand,
  batchCommand,
  assetsCommand,
  sessionsCommand,
  sweepCommand,
  setupCommand,
];

/** The whole command line, not yet run. */
export function programOf(): Command {
  const program = new Command('asset-lifecycle')
    .description('Takes media assets through their whole life at a provider, durably.')
    .version(packageVersion())
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 the lifecycle failed or was stopped, 2 bad usage, input or credentials, 3 unreachable.',
    );
  for (const command of COMMANDS) program.addCommand(command());
  makeThrow(program);
  return program;
}

/** Makes commander throw instead of exit, and write by our own functions, so that all output is escaped in one place. */
function makeThrow(command: Command): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => writeOut(printableLines(text)),
    writeErr: (text) => writeNote(printableLines(text)),
  });
  for (const child of command.commands) makeThrow(child);
}

const BUG = 70; // EX_SOFTWARE
const OUTPUT_LOST = 2;

/**
 * Runs one command and gives its exit code. Every error except a bug is one line.
 * @param args what follows the program's name.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  process.exitCode = 0;
  try {
    await programOf().parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = reportError(error);
  }
  if (outputFailed() && process.exitCode === 0) process.exitCode = OUTPUT_LOST;
  return process.exitCode ?? 0;
}

/** Prints the error and gives the exit code. */
function reportError(error: unknown): number {
  if (isClosedOutput(error)) return 0; // the reader is gone
  const told = asOwnError(error);
  const code = exitCodeOf(told);
  if (code === undefined) writeNote(`${printableLines(inspect(error))}\n`);
  else if (!(told instanceof CommanderError)) note(`error: ${oneLine((told as Error).message)}`);
  return code ?? BUG;
}

/** A timer that is interrupted wraps the reason. */
const isClosedOutput = (error: unknown): boolean =>
  error instanceof OutputClosed || (error instanceof Error && error.cause instanceof OutputClosed);

/** Some commands get Temporal's refusals as the SDK's own errors. */
function asOwnError(error: unknown): unknown {
  if (exitCodeOf(error) !== undefined) return error;
  try {
    return temporalError(error, temporalSettings()) ?? error;
  } catch {
    return error;
  }
}

const oneLine = (message: string): string => message.trim().replaceAll(/\s*\n\s*/g, ' ');
