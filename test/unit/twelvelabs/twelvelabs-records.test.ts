import type { IncomingMessage, ServerResponse } from 'node:http';
import { failureType } from '../../../src/contracts/failures';
import type { ResultRecord } from '../../../src/providers/branch-kind';
import { createTwelveLabsProvider } from '../../../src/providers/twelvelabs/twelvelabs-provider';
import { serveOnLoopback } from '../../../src/cli/demo/loopback-server';

let answer: (response: ServerResponse) => void;
let asked: string[];
let server: Awaited<ReturnType<typeof serveOnLoopback>>;
let provider: ReturnType<typeof createTwelveLabsProvider>;

beforeEach(async () => {
  asked = [];
  server = await serveOnLoopback((request: IncomingMessage, response: ServerResponse) => {
    asked.push(request.url ?? '');
    answer(response);
  });
  provider = createTwelveLabsProvider({ apiKey: 'tlk_UNIT', baseUrl: server.url, requestTimeoutMs: 200 });
});
afterEach(async () => {
  await provider.close();
  await server.close();
});

const HANDLE = { kind: 'embedding', id: 't 1', words: 'Embed task t 1' };
const records = (signal?: AbortSignal): AsyncIterable<ResultRecord> =>
  provider.branches.embed?.records?.(HANDLE, { signal }) as AsyncIterable<ResultRecord>;

async function read(): Promise<ResultRecord[]> {
  const list: ResultRecord[] = [];
  for await (const record of records()) list.push(record);
  return list;
}
const troubleOf = (): Promise<Error | undefined> =>
  read().then(
    () => undefined,
    (error: Error) => error,
  );

const json =
  (body: unknown, status = 200) =>
  (response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const segment = (n: number) => ({ embedding: [n, 0.5], embedding_scope: 'clip', start_sec: n });
const task = { _id: 't 1', status: 'ready' };

test('every segment of a task comes, in its order, with the fields that are known', async () => {
  const data = Array.from({ length: 300 }, (_, n) => ({ ...segment(n), secret_field: 'x' }));
  answer = json({ metadata: { data: [1] }, data, ...task });
  expect(await read()).toEqual(data.map((_, n) => segment(n)));
  expect(asked).toEqual(['/embed-v2/tasks/t%201']);
});

test('a segment is given before the rest of the answer has come', async () => {
  let rest: (() => void) | undefined;
  answer = (response) => {
    response.writeHead(200).write(`{"_id":"t","status":"ready","data":[${JSON.stringify(segment(1))},`);
    rest = () => response.end(`${JSON.stringify(segment(2))}]}`);
  };
  const seen: unknown[] = [];
  for await (const record of records()) {
    seen.push(record);
    rest?.();
  }
  expect(seen).toEqual([segment(1), segment(2)]);
});

test.each([
  ['without segments', { ...task, data: [] }],
  ['whose segments are null', { ...task, data: null }],
  ['that has no segments', task],
])('a task %s gives none', async (_what, body) => {
  answer = json(body);
  expect(await read()).toEqual([]);
});

test.each<[string, (response: ServerResponse) => void, string, string]>([
  ['an answer that is no task', json({ ok: true }), 'ProviderUnavailable', '_id'],
  [
    'a segment without numbers',
    json({ ...task, data: [segment(0), { embedding: [] }] }),
    'ProviderUnavailable',
    'data.1.embedding',
  ],
  [
    'a login page',
    (response) => void response.writeHead(200).end('<html>log in</html>'),
    'ProviderUnavailable',
    'did not answer in JSON',
  ],
  ['an empty answer', (response) => void response.writeHead(200).end(), 'ProviderUnavailable', '_id'],
  [
    'an answer that ends too early',
    (response) => void response.writeHead(200).end('{"_id":"t","data":[{"embedding":[1'),
    'ProviderUnavailable',
    'did not answer in JSON',
  ],
  [
    'an unknown task',
    json({ error: { code: 'resource_not_exist', message: 'unknown' } }, 404),
    'ResourceGone',
    'unknown',
  ],
  ['a rate limit', json({ error: { code: 'too_many_requests', message: 'Slow.' } }, 429), 'RateLimited', 'Slow.'],
])('%s is a failure that says so', async (_what, how, type, words) => {
  answer = how;
  const trouble = await troubleOf();
  expect([failureType(trouble), trouble?.message]).toEqual([type, expect.stringContaining(words)]);
});

test.each<[string, (response: ServerResponse) => void]>([
  ['breaks', (response) => void setImmediate(() => response.destroy())],
  ['stalls', () => undefined],
])('an answer that %s in the middle is ProviderUnavailable', async (_what, then) => {
  answer = (response) => {
    response.writeHead(200).write(`{"_id":"t","status":"ready","data":[${JSON.stringify(segment(1))},`);
    then(response);
  };
  expect(failureType(await troubleOf())).toBe('ProviderUnavailable');
});

test('a read that is aborted in the middle ends with the reason of the abort', async () => {
  const controller = new AbortController();
  const reason = new Error('cancelled');
  answer = (response) =>
    void response.writeHead(200).write(`{"_id":"t","status":"ready","data":[${JSON.stringify(segment(1))},`);
  const reading = (async () => {
    for await (const record of records(controller.signal)) if (record) controller.abort(reason);
  })();
  await expect(reading).rejects.toBe(reason);
});

test('whoever reads only the first segment leaves the connection to others', async () => {
  answer = json({ ...task, data: Array.from({ length: 5000 }, (_, n) => segment(n)) });
  for await (const record of records()) {
    expect(record).toEqual(segment(0));
    break;
  }
  answer = json({ ...task, data: [segment(7)] });
  expect(await read()).toEqual([segment(7)]);
});
