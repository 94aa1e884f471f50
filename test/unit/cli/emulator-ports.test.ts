import { Command } from 'commander';
import { addEmulatorPortFlags, emulatorPorts, portsByFlag } from '../../../src/cli/commands/emulator-ports';

const portsOf = (...args: string[]): Record<string, number> => {
  const command = new Command();
  addEmulatorPortFlags(command);
  return portsByFlag(emulatorPorts(command.parse(args, { from: 'user' }).opts()));
};

test('every emulator and every store has a port of its own, and a flag', () => {
  expect(portsOf()).toEqual({
    '--emulator-port': 8090,
    '--emulator-store-port': 8091,
    '--datature-vi-port': 8092,
    '--datature-vi-store-port': 8093,
  });
});

test('ports without a flag lie beside those that have one', () => {
  expect(Object.values(portsOf('--emulator-port', '9000'))).toEqual([9000, 9001, 9002, 9003]);
  expect(Object.values(portsOf('--emulator-port=9000', '--datature-vi-port=9500'))).toEqual([9000, 9001, 9500, 9501]);
  expect(Object.values(portsOf('--emulator-store-port=7', '--datature-vi-store-port=8'))).toEqual([8090, 7, 8092, 8]);
});
