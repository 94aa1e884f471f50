#!/usr/bin/env node
import { Command, CommanderError } from 'commander';

import { assetsCommand } from './commands/assets';
import { demoCommand } from './commands/demo';
import { devCommand } from './commands/dev';
import { emulatorCommand } from './commands/emulator';
import { listCommand } from './commands/list';
import { setupCommand } from './commands/setup';
import { startCommand } from './commands/start';
import { statusCommand } from './commands/status';
import { cancelCommand, forceDeleteCommand } from './commands/stop';
import { sweepCommand } from './commands/sweep';
import { watchCommand } from './commands/watch';
import { workerCommand } from './commands/worker';
import { exitCodeOf } from './exit';
import { packageVersion } from '../stack/package-root';
import { note } from './output';

const COMMANDS = [
  demoCommand,
  devCommand,
  workerCommand,
  emulatorCommand,
  startCommand,
  statusCommand,
  watchCommand,
  listCommand,
  cancelCommand,
  forceDeleteCommand,
  assetsCommand,
  sweepCommand,
  setupCommand,
];

function programOf(): Command {
  const program = new Command('asset-lifecycle')
    .description('Takes media assets through their whole life at a provider, durably.')
    .version(packageVersion())
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 the lifecycle failed or was stopped, 2 bad usage or input, 3 unreachable.',
    );
  for (const command of COMMANDS) program.addCommand(command());
  throwing(program);
  return program;
}

/** Lets commander throw instead of exiting, so that all errors leave by one door. */
function throwing(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) throwing(child);
}

async function main(): Promise<void> {
  try {
    await programOf().parseAsync();
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined) console.error(error);
    else if (!(error instanceof CommanderError))
      note(`error: ${(error as Error).message.replaceAll(/\s*\n\s*/g, ' ')}`);
    process.exitCode = code ?? 70; // 70: EX_SOFTWARE, a bug
  }
}

void main();
