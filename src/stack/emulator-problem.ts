import { ProgramUnavailable } from './programs';

type StartError = NodeJS.ErrnoException & { port?: number; address?: string; hostname?: string };

/**
 * Why the emulator did not start, in one line for whoever started it; `undefined` for a bug.
 * @param flag which chooses another port.
 */
export function emulatorProblem(error: unknown, flag: string): ProgramUnavailable | undefined {
  const { code, syscall, port, address, hostname, name, message } = error as StartError;
  if (name === 'UnreadableState') return new ProgramUnavailable(message);
  if (code === 'EADDRINUSE') return new ProgramUnavailable(`port ${port} is in use; choose another with ${flag}`);
  if (code === 'EACCES' && syscall === 'listen') {
    return new ProgramUnavailable(`port ${port} is not for this user; choose another with ${flag}`);
  }
  if (syscall !== 'listen' && syscall !== 'getaddrinfo') return undefined;
  return new ProgramUnavailable(`cannot listen at ${hostname ?? address} (${code}); name an address of this machine`);
}
