import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Emulators that are started together take ports beside the first one's. */
const BESIDE = 3;

/** Systems give the ports above to whoever asks for any: a port from here stays free until it is asked for by its number. */
const FIRST = 15_000;
const LAST = 32_000;

/** What was given is still free until its asker listens: whoever asks next must not get it, nor a port beside it. */
const given: number[] = [];

/** A port that was free a moment ago, and the few after it too. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST);
    if (given.some((other) => Math.abs(other - port) <= BESIDE)) continue;
    const held: Server[] = [];
    try {
      for (let next = 0; next <= BESIDE; next++) await hold(port + next, held);
      given.push(port);
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    } finally {
      for (const server of held) await new Promise((resolve) => server.close(resolve));
    }
  }
}

async function hold(port: number, held: Server[]): Promise<void> {
  const server = createServer();
  await once(server.listen(port, '127.0.0.1'), 'listening');
  held.push(server);
}
