import { once } from 'node:events';
import type { Server } from 'node:http';
import fastify, { type FastifyInstance } from 'fastify';

export type Query = Record<string, string | string[] | undefined>;

/** Of one segment of a path: room for ids and encoded file names of 255 characters. */
const MOST_PARAMETER_CHARS = 4096;

/** Reads JSON bodies and repeated parameters. A body that is no JSON counts as none, so that the rules refuse it. */
export function jsonServer({ bodyLimitBytes }: { bodyLimitBytes: number }): FastifyInstance {
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: true,
    routerOptions: { querystringParser: queryOf, maxParamLength: MOST_PARAMETER_CHARS },
  });
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? undefined : JSON.parse(String(body)));
    } catch {
      done(null, undefined); // the rules then name the parameter that is missing
    }
  });
  return app;
}

/** Makes the server listen. @returns its port */
export async function listenAt(server: Server, port: number, host: string): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address ? address.port : port;
}

/** Repeated parameters become lists. */
function queryOf(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const known = query[name];
    query[name] = known === undefined ? value : [...[known].flat(), value];
  }
  return query;
}
