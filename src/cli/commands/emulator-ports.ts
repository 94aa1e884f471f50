import { Option, type Command } from 'commander';
import { EMULATORS } from '../../../emulator/registry';
import type { ProviderName } from '../../contracts/ids';
import type { EmulatorPorts } from '../../stack/local-stack';
import { portNumber } from '../flags';

/** The flags of the first emulator have no name in them, as there was only one. */
const PORT_FLAGS = EMULATORS.map(({ name, title }, index) => {
  const prefix = index === 0 ? 'emulator' : name;
  return { name, title, api: `--${prefix}-port`, store: `--${prefix}-store-port` };
});

const DEFAULT_PORT = EMULATORS[0].ports.api;

/** Adds a flag for each port of each emulator. */
export function addEmulatorPortFlags(command: Command): void {
  for (const [index, { title, api, store }] of PORT_FLAGS.entries()) {
    const where = index === 0 ? DEFAULT_PORT : `${2 * index} above ${PORT_FLAGS[0]?.api}`;
    command.option(`${api} <n>`, `the ${title} emulator (default: ${where})`, portNumber(api, 1));
    command.option(`${store} <n>`, `the store of its uploads (default: 1 above ${api})`, portNumber(store, 1));
  }
}

/** The ports that the flags give to each emulator. A port without a flag lies beside the ones before. */
export function emulatorPorts(flags: Readonly<Record<string, unknown>>): Record<ProviderName, EmulatorPorts> {
  const given = (flag: string): number | undefined =>
    flags[new Option(`${flag} <n>`).attributeName()] as number | undefined;
  const first = given('--emulator-port') ?? DEFAULT_PORT;
  return Object.fromEntries(
    PORT_FLAGS.map(({ name, api, store }, index) => {
      const at = given(api) ?? first + 2 * index;
      return [name, { api: at, store: given(store) ?? at + 1, flags: { api, store } }];
    }),
  );
}

/** Each port by its flag. */
export const portsByFlag = (emulators: Readonly<Record<ProviderName, EmulatorPorts>>): Record<string, number> =>
  Object.fromEntries(
    Object.values(emulators).flatMap(({ api, store, flags }) => [
      [flags.api, api],
      [flags.store, store],
    ]),
  );
