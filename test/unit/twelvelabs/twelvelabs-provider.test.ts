import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { failureType } from '../../../src/contracts/failures';
import { assetHandle } from '../../../src/contracts/branches/handle';
import type { BranchItem } from '../../../src/providers/branch-kind';
import type { Submission } from '../../../src/providers/intake';
import { only, SubmissionAborted } from '../../../src/providers/outcome';
import { createTwelveLabsProvider } from '../../../src/providers/twelvelabs/twelvelabs-provider';
import { createFileSources } from '../../../src/storage/files/file-sources';
import { serveOnLoopback } from '../../../src/cli/demo/loopback-server';
import { bodyOf } from '../../support/servers/http-server';

const KEY = 'tlk_UNIT';
let folder: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
let server: Awaited<ReturnType<typeof serveOnLoopback>>;
let provider: ReturnType<typeof createTwelveLabsProvider>;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-unit-'));
  server = await serveOnLoopback((request, response) => void answer(request, response));
  provider = createTwelveLabsProvider({ apiKey: KEY, baseUrl: `${server.url}/v1.3`, requestTimeoutMs: 1000 });
});
afterEach(async () => {
  await provider.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const json = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

const TAG = { key: 'k', workflowId: 'w', runId: 'r', owner: 'o', onCancel: 'delete', onFailure: 'keep' } as const;
const submitted = async (one: Submission, options?: Parameters<typeof provider.intake.submit>[1]) =>
  only(await provider.intake.submit([one], options));
async function all<T>(items: AsyncIterable<T> | undefined): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items ?? []) list.push(item);
  return list;
}
const embedding = async (item: Omit<BranchItem, 'tag'>) =>
  only((await provider.branches.embed?.start([{ ...item, tag: TAG }])) ?? []);

async function submission(bytes: Buffer, changes: Partial<Submission> = {}): Promise<Submission> {
  const file = path.join(folder, 'source.bin');
  await writeFile(file, bytes);
  return {
    content: { route: 'whole', bytes: await createFileSources({ roots: [folder], restMs: 0 }).resolve(file) },
    filename: 'Ä "quoted".mp4',
    metadata: { season: 2 },
    fields: { enableHls: false, enableThumbnail: true },
    tag: TAG,
    ...changes,
  };
}

test('uploads a large file as a form with its exact length, key in the header alone', async () => {
  const bytes = Buffer.alloc(20 * 1024 * 1024, 'media bytes ');
  let seen: { headers: IncomingMessage['headers']; body: Buffer } | undefined;
  answer = async (request, response) => {
    seen = { headers: request.headers, body: await bodyOf(request) };
    json(response, { _id: 'a1', status: 'processing', extra: { unknown: true } }, 201);
  };
  const progress: number[] = [];
  const onProgress = (_item: number, sent: number) => void progress.push(sent);
  const made = await submitted(await submission(bytes), { onProgress });
  expect(made).toMatchObject({ asset: { id: 'a1', status: 'processing' } });
  expect(seen?.headers['x-api-key']).toBe(KEY);
  expect(Number(seen?.headers['content-length'])).toBe(seen?.body.byteLength);
  expect(seen?.headers['transfer-encoding']).toBeUndefined();
  const form = await new Response(seen?.body as never, {
    headers: { 'content-type': seen?.headers['content-type'] ?? '' },
  }).formData();
  expect(form.get('method')).toBe('direct');
  expect(form.get('filename')).toBe('Ä "quoted".mp4');
  expect(JSON.parse(form.get('user_metadata') as string)).toEqual({
    season: 2,
    asset_lifecycle_key: 'k',
    asset_lifecycle_workflow: 'w',
    asset_lifecycle_run: 'r',
    asset_lifecycle_owner: 'o',
    asset_lifecycle_on_cancel: 'delete',
    asset_lifecycle_on_failure: 'keep',
  });
  const sent = Buffer.from(await (form.get('file') as File).arrayBuffer());
  expect(createHash('sha256').update(sent).digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect(progress.at(-1)).toBe(bytes.byteLength);
});

test('a create whose answer is lost is OutcomeUnknown, and is not sent twice', async () => {
  let requests = 0;
  answer = async (request) => {
    requests += 1;
    await bodyOf(request);
    request.socket.destroy();
  };
  expect(failureType(await errorOf(submitted(await submission(Buffer.from('x')))))).toBe('OutcomeUnknown');
  expect(requests).toBe(1);
});

test('a create that is never answered is OutcomeUnknown after the timeout', async () => {
  answer = async (request) => void (await bodyOf(request));
  expect(failureType(await errorOf(submitted(await submission(Buffer.from('x')))))).toBe('OutcomeUnknown');
});

test('a success without an id is OutcomeUnknown and names the field', async () => {
  answer = async (request, response) => {
    await bodyOf(request);
    json(response, { status: 'processing' }, 201);
  };
  const error = await errorOf(submitted(await submission(Buffer.from('x'))));
  expect(failureType(error)).toBe('OutcomeUnknown');
  expect((error as Error).message).toContain('_id');
});

test('an unreachable provider had no effect, also for a create', async () => {
  await server.close();
  const error = await errorOf(submitted(await submission(Buffer.from('x'))));
  expect(failureType(error)).toBe('ProviderUnavailable');
  expect((error as Error).message).not.toContain(KEY);
});

test('an abort while the bytes go out ends the upload and says that nothing was made', async () => {
  const controller = new AbortController();
  answer = (request) => {
    request.once('data', () => {
      request.pause();
      controller.abort(new Error('cancelled'));
    });
  };
  const big = await submission(Buffer.alloc(64 * 1024 * 1024, 1));
  expect(await errorOf(submitted(big, { signal: controller.signal }))).toBeInstanceOf(SubmissionAborted);
});

test('an abort after the bytes went out waits for the answer, because only it tells the effect', async () => {
  const controller = new AbortController();
  answer = async (request, response) => {
    await bodyOf(request);
    controller.abort(new Error('cancelled'));
    json(response, { _id: 'made', status: 'processing' }, 201);
  };
  const made = await submitted(await submission(Buffer.from('x')), { signal: controller.signal });
  expect(made).toMatchObject({ asset: { id: 'made' } });
});

test('watches 120 assets in three list requests and asks singly for one that is missing', async () => {
  const asked: string[] = [];
  answer = (request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    asked.push(url.pathname);
    if (url.pathname.endsWith('/assets')) {
      const ids = url.searchParams.getAll('asset_ids').filter((id) => id !== 'a119');
      json(response, {
        data: ids.map((id) => ({ _id: id, status: id === 'a3' ? 'ready' : 'waiting' })),
        page_info: { total_page: 1 },
      });
    } else json(response, { code: 'resource_not_exist', message: 'unknown' }, 404);
  };
  const handles = Array.from({ length: 120 }, (_, index) => assetHandle(`a${index}`));
  let paced = 0;
  const states: Record<string, number> = {};
  for await (const seen of provider.watch(handles, { pace: async () => void paced++ })) {
    const state = 'error' in seen ? 'trouble' : seen.state;
    states[state] = (states[state] ?? 0) + 1;
  }
  expect(asked.filter((route) => route === '/v1.3/assets')).toHaveLength(3);
  expect(states).toEqual({ working: 118, ready: 1, gone: 1 });
  expect(paced).toBe(asked.length);
});

test('lists embed tasks that are at work, and reads only those that have ended', async () => {
  const asked: string[] = [];
  answer = (request, response) => {
    asked.push(request.url ?? '');
    if (request.url?.includes('status=processing')) {
      const data = Array.from({ length: 9 }, (_, index) => ({ _id: `t${index}`, status: 'processing' }));
      json(response, { data, page_info: { total_page: 1 } });
    } else json(response, { _id: 't9', status: 'failed', error: { message: 'no sound' } });
  };
  const handles = Array.from({ length: 10 }, (_, index) => ({ kind: 'embedding', id: `t${index}`, words: '' }));
  const ended = [];
  for await (const seen of provider.watch(handles, { pace: async () => {} }))
    if ('error' in seen || seen.state !== 'working') ended.push(seen);
  expect(asked).toHaveLength(2);
  expect(ended).toMatchObject([{ handle: { id: 't9' }, state: 'failed', message: 'no sound' }]);
});

test('embeds by the kind of the asset', async () => {
  let body: unknown;
  answer = async (request, response) => {
    body = JSON.parse((await bodyOf(request)).toString());
    json(response, { _id: 't1', status: 'processing', data: null }, 202);
  };
  const branch = { type: 'embed' as const, model: 'marengo3.0' as const };
  await embedding({ assetId: 'a', fileType: 'audio/mpeg', branch: { ...branch, options: ['visual', 'audio'] } });
  expect(body).toEqual({
    input_type: 'audio',
    model_name: 'marengo3.0',
    audio: { media_source: { asset_id: 'a' }, embedding_option: ['audio'] },
  });
  const image = { assetId: 'a', fileType: 'image/png' };
  await embedding({ ...image, branch: { type: 'embed', model: 'marengo3.5', scopes: ['clip', 'asset'] } });
  expect(body).toEqual({ input_type: 'image', model_name: 'marengo3.5', image: { media_source: { asset_id: 'a' } } });
  const clips = embedding({ ...image, branch: { ...branch, scopes: ['clip'] } });
  expect(failureType(await errorOf(clips))).toBe('InvalidRequest');
  const pdf = embedding({ assetId: 'a', fileType: 'application/pdf', filename: 'a.pdf', branch });
  expect(failureType(await errorOf(pdf))).toBe('InvalidRequest');
});

test('embeds an image at once, and a lost answer had no effect', async () => {
  const branch = { type: 'embed' as const, model: 'marengo3.0' as const, options: ['visual' as const] };
  let asked: unknown;
  answer = async (request, response) => {
    asked = { url: request.url, body: JSON.parse((await bodyOf(request)).toString()) };
    json(response, { data: [{ embedding: [0.6, 0.8], embedding_option: null, start_sec: null }], metadata: {} });
  };
  const image = { assetId: 'a', fileType: 'image/png' };
  const { records, handle } = await embedding({ ...image, branch });
  expect(handle).toBeUndefined();
  expect(await all(records)).toMatchObject([{ embedding: [0.6, 0.8] }]);
  expect(asked).toEqual({
    url: '/v1.3/embed-v2',
    body: { input_type: 'image', model_name: 'marengo3.0', image: { media_source: { asset_id: 'a' } } },
  });
  answer = async (request) => {
    await bodyOf(request);
    request.socket.destroy();
  };
  expect(failureType(await errorOf(embedding({ ...image, branch })))).toBe('ProviderUnavailable');
});

test('a presigned URL that the provider repeats does not get further', async () => {
  const url = 'https://media.example/a.mp4?X-Amz-Credential=id&X-Amz-Expires=60';
  answer = (_request, response) => json(response, { code: 'url_unreachable', message: `cannot fetch ${url}` }, 400);
  const refused = await errorOf(submitted(await submission(Buffer.from('x'), { content: { route: 'url', url } })));
  answer = (_request, response) =>
    json(response, { _id: 'a1', status: 'failed', error: { message: `cannot fetch ${url}` } });
  const { errorMessage } = await provider.assets.get('a1');
  for (const words of [(refused as Error).message, errorMessage]) {
    expect(words).toContain('cannot fetch https://media.example/a.mp4');
    expect(words).not.toContain('X-Amz');
  }
});

test('the provider fetches up to 4 GB, and images up to 32 MB', () => {
  const most = { 'film.mp4': 4 * 1024 ** 3, 'face.jpg': 32 * 1024 ** 2 };
  for (const [filename, sizeBytes] of Object.entries(most)) {
    const item = { filename, source: 'object', method: 'direct', field: 'source.key' } as const;
    expect(provider.intake.route({ ...item, sizeBytes })).toBe('url');
    expect(() => provider.intake.route({ ...item, sizeBytes: sizeBytes + 1 })).toThrow('the limit for');
  }
});
