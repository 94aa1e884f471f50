import { Command, Option } from 'commander';
import { loadProxies } from '../../config';
import { action, untilStopped } from '../context';
import { checkDistinct, folderName, portNumber, wholeNumber } from '../flags';
import { note, printJson } from '../output';

interface EmulatorFlags {
  host: string;
  port: number;
  storePort: number;
  chunkBytes?: number;
  partBytes: 'disk' | 'hash';
  state?: string;
  processingMs: number;
  rateLimits: 'off' | 'free' | 'tier2' | 'tier3';
  json?: boolean;
}

export const emulatorCommand = (): Command =>
  new Command('emulator')
    .summary('serve the provider’s API locally')
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--port <n>', '0 takes any free one', portNumber('--port', 0), 8090)
    .option(
      '--store-port <n>',
      'where parts of uploads are put; 0 takes any free one',
      portNumber('--store-port', 0),
      0,
    )
    .option(
      '--chunk-bytes <n>',
      'size of a part, instead of one that goes with the file',
      wholeNumber('--chunk-bytes', 1),
    )
    .addOption(
      new Option('--part-bytes <where>', 'hash does not keep the bytes of parts: for files too large for the disk')
        .choices(['disk', 'hash'])
        .default('disk'),
    )
    .option('--state <folder>', 'keep the state there', folderName('--state'))
    .option('--processing-ms <n>', 'processing time of an asset', wholeNumber('--processing-ms', 0), 1500)
    .addOption(
      new Option('--rate-limits <plan>', 'whose limits to apply')
        .choices(['off', 'free', 'tier2', 'tier3'])
        .default('off'),
    )
    .option('--json', 'print the ready line as JSON')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle emulator --port 8090 --rate-limits free')
    .action(
      action(async ({ host, port, storePort, state, processingMs, rateLimits, json, ...flags }: EmulatorFlags) => {
        checkDistinct({ '--port': port, '--store-port': storePort });
        const { startEmulator } = await import('../../../emulator/twelvelabs/start-emulator.js');
        const { emulatorProblem } = await import('../../stack/emulator-problem.js');
        const { useProxiesForFetch } = await import('../../http/dispatcher.js');
        useProxiesForFetch(loadProxies()); // it fetches media by URL
        const processing = { baseMs: processingMs, msPerMegabyte: processingMs === 0 ? 0 : 20 };
        const emulator = await startEmulator({
          ...{ host, port, storePort, stateFolder: state, processing, rateLimits },
          uploads: { chunkBytes: flags.chunkBytes ?? null, partBytes: flags.partBytes },
        }).catch((error: unknown) => {
          throw emulatorProblem(error, '--port or --store-port') ?? error;
        });
        const { url, controlUrl, storeUrl } = emulator;
        if (json) printJson({ ready: 'emulator', url, controlUrl, storeUrl });
        else note(`emulator ready: TWELVELABS_BASE_URL=${url}`);
        await untilStopped();
        await emulator.close();
      }),
    );
