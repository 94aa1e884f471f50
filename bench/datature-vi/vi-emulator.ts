import path from 'node:path';
import { DatatureViControl } from '../../emulator/datature-vi/control-client';
import { providerPlace, withinPlace, type ProviderPlace } from '../../src/client/assets/provider-place';
import { loadConfig } from '../../src/config';
import { openAccount } from '../../src/providers/open-account';
import { declarationOf } from '../../src/providers/registry';
import { BenchProcess } from '../system/bench-system';

const MAIN = path.join(__dirname, '../../src/cli/main.js');
const NAME = 'datature-vi';

/** The emulator in a process of its own, without any delay. */
export interface ViEmulator {
  control: DatatureViControl;
  /** Variables that lead a client to it. */
  settings: Record<string, string>;
  stop(): Promise<void>;
}

export async function startViEmulator(environment: NodeJS.ProcessEnv): Promise<ViEmulator> {
  const flags = ['--provider', NAME, '--port', '0', '--store-port', '0', '--processing-ms', '0', '--json'];
  const emulator = await BenchProcess.start([MAIN, 'emulator', ...flags], environment);
  const { url = '', controlUrl = '' } = JSON.parse(emulator.output.trim().split('\n').at(-1) ?? '{}') as Record<
    string,
    string
  >;
  return {
    control: new DatatureViControl(controlUrl),
    settings: declarationOf(NAME).emulatorEnvironment(new URL(url).origin),
    stop: emulator.stop,
  };
}

/** Uses one dataset as the client does. */
export async function inDataset<T>(
  settings: NodeJS.ProcessEnv,
  dataset: string,
  use: (place: ProviderPlace) => Promise<T>,
): Promise<T> {
  const account = await openAccount(loadConfig({ ...process.env, ...settings }), NAME);
  try {
    return await use(providerPlace(async () => withinPlace(account, dataset), dataset));
  } finally {
    await account.close();
  }
}
