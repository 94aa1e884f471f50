import { Command, Option } from 'commander';
import { EMULATORS, placesOf, type EmulatorFlag, type RunningEmulator } from '../../../emulator/registry';
import { loadProxies } from '../../config';
import { declarationOf } from '../../providers/registry';
import { action, untilStopped } from '../context';
import { UsageError } from '../exit';
import { checkDistinct, folderName, portNumber, wholeNumber } from '../flags';
import { note, printJson } from '../output';

interface CommonFlags {
  host: string;
  provider?: string;
  port?: number;
  storePort?: number;
  state?: string;
  processingMs: number;
  json?: boolean;
}

export function emulatorCommand(): Command {
  const command = new Command('emulator')
    .summary('serve the provider’s API locally')
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .addOption(
      new Option('--provider <name>', 'only the emulator of that provider').choices(EMULATORS.map(({ name }) => name)),
    )
    .option('--port <n>', `0 takes any free one (default: ${portsOf('api')})`, portNumber('--port', 0))
    .option(
      '--store-port <n>',
      `where parts of uploads are put; 0 takes any free one (default: ${portsOf('store')})`,
      portNumber('--store-port', 0),
    );
  for (const { storeFlags } of EMULATORS) addFlags(command, storeFlags);
  command
    .option('--state <folder>', 'keep the state there', folderName('--state'))
    .option('--processing-ms <n>', 'processing time of an asset', wholeNumber('--processing-ms', 0), 1500);
  for (const { flags } of EMULATORS) addFlags(command, flags);
  return command
    .option('--json', 'print the ready line as JSON')
    .addHelpText('after', '\nExample:\n  $ asset-lifecycle emulator --port 8090 --rate-limits free')
    .action(
      action((flags: CommonFlags) => {
        refuseFlagsOfOthers(command, flags.provider);
        return serve(flags);
      }),
    );
}

/** @throws UsageError for a flag of an emulator that is not started */
function refuseFlagsOfOthers(command: Command, provider: string | undefined): void {
  if (provider === undefined) return;
  for (const { name, flags, storeFlags } of EMULATORS) {
    if (name === provider) continue;
    for (const { flag } of [...storeFlags, ...flags]) {
      const option = new Option(flag);
      if (command.getOptionValueSource(option.attributeName()) !== 'cli') continue;
      throw new UsageError(`${option.long}: goes with --provider ${name}`);
    }
  }
}

const portsOf = (which: 'api' | 'store'): string =>
  EMULATORS.map(({ title, ports }) => `${ports[which] || 'a free one'} for ${title}`).join(', ');

/** Runs one emulator, or that of every provider, until it is told to stop. */
async function serve({ provider, host, state, processingMs, json, ...given }: CommonFlags): Promise<void> {
  const one = EMULATORS.find(({ name }) => name === provider);
  const kinds = one ? [one] : EMULATORS;
  const { ports } = one ?? EMULATORS[0];
  const { port = ports.api, storePort = ports.store, ...flags } = given;
  checkDistinct({ '--port': port, '--store-port': storePort });
  const { emulatorProblem } = await import('../../stack/emulator-problem.js');
  const { useProxiesForFetch } = await import('../../http/dispatcher.js');
  useProxiesForFetch(loadProxies()); // it fetches media by URL
  const processing = { baseMs: processingMs, msPerMegabyte: processingMs === 0 ? 0 : 20 };
  const running: RunningEmulator[] = [];
  try {
    for (const { kind, options } of placesOf({ host, port, storePort, stateFolder: state, processing, flags }, kinds)) {
      const emulator = await kind.start(options).catch((error: unknown) => {
        throw emulatorProblem(error, '--port or --store-port') ?? error;
      });
      running.push(emulator);
      const { url, controlUrl, storeUrl } = emulator;
      if (json) printJson({ ready: 'emulator', url, controlUrl, storeUrl });
      else note(`emulator ready: ${settingsFor(kind.name, emulator)}`);
    }
    await untilStopped();
  } finally {
    for (const emulator of running) await emulator.close();
  }
}

/** What to set so that a worker talks to it: `NAME=value`. */
function settingsFor(provider: string, { origin }: RunningEmulator): string {
  const settings = declarationOf(provider).emulatorEnvironment(origin);
  return Object.entries(settings)
    .map((entry) => entry.join('='))
    .join(' ');
}

function addFlags(command: Command, flags: readonly EmulatorFlag[]): void {
  for (const one of flags) {
    const option = new Option(one.flag, one.help);
    if ('choices' in one) option.choices([...one.choices]).default(one.fallback);
    else option.argParser(wholeNumber(option.long ?? one.flag, one.wholeNumberFrom));
    command.addOption(option);
  }
}
