import { createServer } from 'node:http2';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface RefusingServer {
  address: string;
  /** What every call but the handshake is answered with. */
  answer: { code: number; message: string };
  close(): Promise<void>;
}

const UNIMPLEMENTED = 12;

/** A Temporal server that takes connections and refuses every call, as one with other credentials or namespaces does. */
export async function refusingServer(): Promise<RefusingServer> {
  const answer = { code: 7, message: 'Request unauthorized.' };
  const server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    const isHandshake = String(headers[':path']).endsWith('/GetSystemInfo');
    stream.on('error', () => {}); // the client may hang up at any time
    stream.resume();
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': String(isHandshake ? UNIMPLEMENTED : answer.code),
        'grpc-message': encodeURI(answer.message),
      },
      { endStream: true },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    answer,
    async close() {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
