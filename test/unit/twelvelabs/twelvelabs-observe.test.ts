import { tagFields } from '../../../src/contracts/resource';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { failureType } from '../../../src/contracts/failures';
import { assetHandle, type Handle } from '../../../src/contracts/branches/handle';
import { createTwelveLabsProvider } from '../../../src/providers/twelvelabs/twelvelabs-provider';
import { serveOnLoopback } from '../../../src/cli/demo/loopback-server';

/** Answers a request with a status and a body. */
let answer: (url: URL) => [number, unknown];
let asked: string[];
let server: Awaited<ReturnType<typeof serveOnLoopback>>;
let provider: ReturnType<typeof createTwelveLabsProvider>;

beforeEach(async () => {
  asked = [];
  server = await serveOnLoopback((request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '', 'http://x');
    asked.push(`${url.pathname}${url.search}`);
    const [status, body] = answer(url);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  provider = createTwelveLabsProvider({ apiKey: 'tlk_UNIT', baseUrl: server.url, requestTimeoutMs: 1000 });
});
afterEach(async () => {
  await provider.close();
  await server.close();
});

const page = (data: unknown[], pages = 1): [number, unknown] => [200, { data, page_info: { total_page: pages } }];
const GONE: [number, unknown] = [404, { code: 'resource_not_exist', message: 'unknown' }];
const lastPart = ({ pathname }: URL): string => pathname.slice(pathname.lastIndexOf('/') + 1);

/** What was heard of each id: its state, or the type of the failure. */
async function heardOf(handles: readonly Handle[]): Promise<Record<string, string | undefined>> {
  const heard: Record<string, string | undefined> = {};
  for await (const one of provider.watch(handles, { pace: async () => {} })) {
    if ('error' in one) for (const { id } of one.handles) heard[id] = failureType(one.error);
    else heard[one.handle.id] = one.state;
  }
  return heard;
}

const entries = (indexId: string, count: number): Handle[] =>
  Array.from({ length: count }, (_, n) => ({ kind: 'indexed-asset', in: indexId, id: `${indexId}${n}`, words: '' }));
const assets = (...ids: string[]): Handle[] => ids.map((id) => assetHandle(id));

test('one list tells every indexed asset at work, in whatever state of work', async () => {
  answer = (url) => (url.search ? page(['i0', 'i1', 'i2'].map((_id) => ({ _id, status: 'queued' }))) : GONE);
  expect(await heardOf(entries('i', 4))).toEqual({ i0: 'working', i1: 'working', i2: 'working', i3: 'gone' });
  expect(asked).toEqual([
    '/indexes/i/indexed-assets?status=pending&status=queued&status=indexing&page=1&page_limit=50',
    '/indexes/i/indexed-assets/i3',
  ]);
});

test('an indexed asset whose state no list can be asked for is asked for singly', async () => {
  answer = (url) => (url.search ? page([]) : [200, { _id: lastPart(url), status: 'validating' }]);
  expect(new Set(Object.values(await heardOf(entries('i', 4))))).toEqual(new Set(['working']));
  expect(asked).toHaveLength(5);
});

test('assets that a short page leaves out are read from the next page', async () => {
  answer = (url) => {
    const ids = url.searchParams.getAll('asset_ids');
    const one = ids[Number(url.searchParams.get('page')) - 1];
    return page([{ _id: one, status: 'ready' }], ids.length);
  };
  expect(await heardOf(assets('a', 'b', 'c'))).toEqual({ a: 'ready', b: 'ready', c: 'ready' });
  expect(asked).toHaveLength(3);
});

test('up to three of a parent are asked for singly', async () => {
  answer = (url) => [200, { _id: lastPart(url), status: url.pathname.endsWith('2') ? 'ready' : 'queued' }];
  expect(await heardOf(entries('i', 3))).toEqual({ i0: 'working', i1: 'working', i2: 'ready' });
  expect(asked).toHaveLength(3);
});

test('a deleted index ends what is below it, and nothing else', async () => {
  answer = (url) => (url.pathname.startsWith('/indexes/lost') ? GONE : url.search ? page([]) : [200, ready(url)]);
  const heard = await heardOf([...entries('lost', 4), ...entries('kept', 4)]);
  expect(Object.entries(heard).filter(([, state]) => state === 'gone')).toHaveLength(4);
  expect(Object.entries(heard).filter(([id, state]) => id.startsWith('kept') && state === 'ready')).toHaveLength(4);
});

test('a list refused for one id leaves the others told', async () => {
  const refusal: [number, unknown] = [400, { code: 'parameter_invalid', message: 'asset_ids' }];
  answer = (url) => (url.search || url.pathname.endsWith('bad') ? refusal : [200, ready(url)]);
  expect(await heardOf(assets('a', 'bad', 'b'))).toEqual({ a: 'ready', bad: 'ProviderRejected', b: 'ready' });
});

test('a list that cannot be read is the trouble of its targets, and the rest is asked for', async () => {
  answer = (url) => (url.pathname === '/assets' ? [503, {}] : [200, ready(url)]);
  const heard = await heardOf([...assets('a', 'b'), ...entries('i', 1)]);
  expect(heard).toEqual({ a: 'ProviderUnavailable', b: 'ProviderUnavailable', i0: 'ready' });
  expect(asked).toHaveLength(2);
});

test('a read whose answer lacks a field names it', async () => {
  answer = () => [200, { _id: 'i0' }];
  const trouble = [];
  for await (const one of provider.watch(entries('i', 1), { pace: async () => {} })) trouble.push(one);
  expect(trouble).toMatchObject([
    { error: { type: 'ProviderUnavailable', message: expect.stringContaining('status') } },
  ]);
});

test('references, entities and assets are read over all pages', async () => {
  const full = Array.from({ length: 50 }, (_, n) => ({ _id: `r${n}`, index: { _id: 'i' }, metadata: {} }));
  const tag = { key: 'k', workflowId: 'w', runId: 'r', owner: 'o', onCancel: 'delete', onFailure: 'keep' } as const;
  const own = { _id: 'own', index: { _id: 'i' }, metadata: tagFields(tag) };
  answer = (url) => page(url.searchParams.get('page') === '1' ? full : [own], 2);
  expect(await provider.assets.referrers('a')).toHaveLength(51 + 51);
  const branch = { type: 'entity', collectionId: 'c', name: 'n & m' };
  const found = await provider.branches.entity?.find?.({ branch, name: 'n & m', assetId: 'a', tag });
  expect(found?.map(({ id }) => id)).toEqual(['own']);
  expect(asked.at(-1)).toBe('/entity-collections/c/entities?name=n+%26+m&page=2&page_limit=50');
});

const ready = (url: URL) => ({ _id: lastPart(url), status: 'ready' });

describe('the state of an embed task', () => {
  const task: Handle = { kind: 'embedding', id: 't1', words: 'Embed task t1' };
  let respond: (response: ServerResponse) => void;
  let connections: Set<unknown>;
  let tasks: Awaited<ReturnType<typeof serveOnLoopback>>;

  beforeEach(async () => {
    connections = new Set();
    tasks = await serveOnLoopback((request, response) => {
      connections.add(request.socket);
      respond(response.writeHead(200, { 'content-type': 'application/json' }));
    });
    await provider.close();
    provider = createTwelveLabsProvider({ apiKey: 'tlk_UNIT', baseUrl: tasks.url, requestTimeoutMs: 1000 });
  });
  afterEach(async () => {
    await provider.close(); // first: it holds a connection of an answer that never ends
    await tasks.close();
  });

  test('is known before its embeddings have come', async () => {
    respond = (response) => response.write('{"_id":"t1","status":"ready","data":[{"embedding":[0.1,');
    expect(await heardOf([task])).toEqual({ t1: 'ready' });
  });

  test('is read to the end of a failure, for the provider’s own words', async () => {
    respond = (response) => {
      response.write('{"_id":"t1","status":"failed",');
      setImmediate(() => response.end('"data":null,"error":{"message":"no sound"}}'));
    };
    const heard = [];
    for await (const one of provider.watch([task], { pace: async () => {} })) heard.push(one);
    expect(heard).toEqual([{ handle: task, state: 'failed', message: 'no sound' }]);
  });

  test('does not cost a connection each time when the answer is small', async () => {
    respond = (response) => {
      response.write('{"_id":"t1","status":"processing","data":null}');
      setTimeout(() => response.end(), 5); // the end of the body comes after the document
    };
    for (let round = 0; round < 6; round++) expect(await heardOf([task])).toEqual({ t1: 'working' });
    expect(connections.size).toBeLessThan(4); // the pool may open another before the first is free
  });
});
