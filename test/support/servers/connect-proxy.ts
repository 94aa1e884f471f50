import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** An HTTP proxy for tests: every tunnel leads to `target`, whatever host was asked for. */
export interface ConnectProxy {
  url: string;
  /** `host:port` of each tunnel that was asked for. */
  readonly asked: string[];
  /** What tunnels are answered: 200, a refusal, or nothing at all. */
  answer: 200 | 407 | 'nothing';
  close(): Promise<void>;
}

export async function connectProxy(target: string): Promise<ConnectProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(400).end());
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    proxy.asked.push(request.url ?? '');
    if (proxy.answer === 'nothing') return;
    if (proxy.answer !== 200) return void client.end(`HTTP/1.1 ${proxy.answer} Refused\r\n\r\n`);
    const upstream = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    sockets.add(upstream);
    upstream.on('error', () => client.destroy()).once('close', () => sockets.delete(upstream));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: ConnectProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    answer: 200,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
