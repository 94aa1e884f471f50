import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** What becomes of a piece on its way to the server; `undefined` cuts the connection. */
export type Tamper = (piece: Buffer, bytesBefore: number) => Buffer | undefined;

/** A TCP proxy on loopback that spoils what clients send. */
export async function tamperingProxy(target: string, tamper: Tamper): Promise<{ url: string; close(): Promise<void> }> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {}); // cut connections are what it is for
      socket.once('close', () => sockets.delete(socket));
    }
    let before = 0;
    const spoil = new Transform({
      transform(piece: Buffer, _encoding, done) {
        const passed = tamper(piece, before);
        before += piece.byteLength;
        if (passed) return done(null, passed);
        client.destroy();
        upstream.destroy();
      },
    });
    client.pipe(spoil).pipe(upstream);
    upstream.pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
