import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below the ports that the system gives out by itself, and so small that the server can store them (16 bits, signed). */
const LOWEST = 15_000;
const HIGHEST = 32_000;

/** Ports on loopback that nobody listens on. All are held until the last is found, so that none comes twice. */
export async function freePorts(count: number, host: string): Promise<number[]> {
  const held = new Map<number, Server>();
  while (held.size < count) {
    const port = randomInt(LOWEST, HIGHEST);
    const server = held.has(port) ? undefined : await listening(port, host);
    if (server) held.set(port, server);
  }
  await Promise.all([...held.values()].map((server) => new Promise((resolve) => server.close(resolve))));
  return [...held.keys()];
}

async function listening(port: number, host: string): Promise<Server | undefined> {
  const server = createServer();
  try {
    const isListening = once(server, 'listening');
    server.listen(port, host);
    await isListening;
    return server;
  } catch {
    return undefined;
  }
}
