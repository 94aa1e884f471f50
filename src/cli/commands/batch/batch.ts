import { Command } from 'commander';
import { listBatchesCommand } from './list-batches';
import { reportCommand } from './report-batch';
import {
  cancelBatchCommand,
  forceDeleteBatchCommand,
  inFlightCommand,
  pauseCommand,
  resumeCommand,
  retryBatchCommand,
} from './steer-batch';
import { batchStatusCommand, watchBatchCommand } from './watch-batch';

const COMMANDS = [
  listBatchesCommand,
  batchStatusCommand,
  watchBatchCommand,
  cancelBatchCommand,
  forceDeleteBatchCommand,
  pauseCommand,
  resumeCommand,
  inFlightCommand,
  reportCommand,
  retryBatchCommand,
];

export const batchCommand = (): Command => {
  const command = new Command('batch')
    .summary('follow, steer and report batches')
    .description('Follows, stops, pauses, reports and retries batches, which "ingest" starts.');
  for (const one of COMMANDS) command.addCommand(one());
  return command;
};
