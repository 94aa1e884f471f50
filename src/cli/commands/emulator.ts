import { Command, Option } from 'commander';
import { action, untilStopped } from '../context';
import { UsageError } from '../exit';
import { note, printJson } from '../output';

export const number =
  (flag: string, least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least) return value;
    throw new UsageError(`${flag}: must be a whole number from ${least}, not "${text}"`);
  };

interface EmulatorFlags {
  host: string;
  port: number;
  state?: string;
  processingMs: number;
  rateLimits: 'off' | 'free' | 'tier2' | 'tier3';
  json?: boolean;
}

export const emulatorCommand = (): Command =>
  new Command('emulator')
    .summary('serve the provider’s API locally')
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--port <n>', '0 takes any free one', number('--port', 0), 8090)
    .option('--state <folder>', 'keep the state there')
    .option('--processing-ms <n>', 'processing time of an asset', number('--processing-ms', 0), 1500)
    .addOption(
      new Option('--rate-limits <plan>', 'whose limits to apply')
        .choices(['off', 'free', 'tier2', 'tier3'])
        .default('off'),
    )
    .option('--json', 'print the ready line as JSON')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle emulator --port 8090 --rate-limits free')
    .action(
      action(async ({ host, port, state, processingMs, rateLimits, json }: EmulatorFlags) => {
        const { startEmulator } = await import('../../../emulator/start-emulator.js');
        const processing = { baseMs: processingMs, msPerMegabyte: processingMs === 0 ? 0 : 20 };
        const emulator = await startEmulator({ host, port, stateFolder: state, processing, rateLimits });
        if (json) printJson({ ready: 'emulator', url: emulator.url, controlUrl: emulator.controlUrl });
        else note(`emulator ready: TWELVELABS_BASE_URL=${emulator.url}`);
        await untilStopped();
        await emulator.close();
      }),
    );
