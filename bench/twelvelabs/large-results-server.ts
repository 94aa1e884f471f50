import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { startEmulator } from '../../emulator/twelvelabs/start-emulator';

const TASK = /\/embed-v2\/tasks\/[^/?]+$/;
const NOT_FORWARDED: ReadonlySet<string> = new Set(['host', 'connection', 'content-length', 'transfer-encoding']);

/** An emulator whose ready embed tasks have as many segments as are wanted. */
export interface LargeResults {
  origin: string;
  /** Of the JSON of each ready task. */
  resultBytes: number;
  close(): Promise<void>;
}

interface Task {
  status: string;
  data: readonly object[] | null;
}

/** The emulator holds results in memory; here they are made as they go out. */
export async function startLargeResults(): Promise<LargeResults> {
  const emulator = await startEmulator({ processing: { baseMs: 200, msPerMegabyte: 0 } });
  const server = createServer((request, response) => {
    forward(request, response, emulator.origin, () => results.resultBytes).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const results: LargeResults = {
    origin: `http://127.0.0.1:${address.port}`,
    resultBytes: 0,
    async close() {
      server.closeAllConnections();
      server.close();
      await emulator.close();
    },
  };
  return results;
}

async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  origin: string,
  resultBytes: () => number,
): Promise<void> {
  const headers = Object.entries(request.headers).filter(([name]) => !NOT_FORWARDED.has(name));
  const body = request.method === 'GET' ? undefined : await bytesOf(request);
  const answer = await fetch(`${origin}${request.url}`, {
    method: request.method,
    headers: headers.map(([name, value]): [string, string] => [name, String(value)]),
    body: body && new Uint8Array(body),
  });
  const text = await answer.text();
  const type = { 'content-type': answer.headers.get('content-type') ?? 'application/json' };
  response.writeHead(answer.status, type);
  if (request.method !== 'GET' || !answer.ok || !TASK.test(request.url ?? '')) return void response.end(text);
  const task = JSON.parse(text) as Task;
  if (task.status !== 'ready' || !task.data) return void response.end(text);
  await pipeline(Readable.from(enlarged(task, resultBytes())), response);
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** The task's own JSON, with its segments again and again until it is large enough. */
function* enlarged({ data, ...rest }: Task, bytes: number): Generator<string> {
  const segments = (data ?? []).map((segment) => JSON.stringify(segment));
  yield `${JSON.stringify(rest).slice(0, -1)},"data":[`;
  let sent = 0;
  for (let index = 0; sent < bytes; index++) {
    const segment = `${index === 0 ? '' : ','}${segments[index % segments.length]}`;
    sent += segment.length;
    yield segment;
  }
  yield ']}';
}
