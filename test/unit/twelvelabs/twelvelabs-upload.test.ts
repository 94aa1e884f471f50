import { createHash } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { failureType } from '../../../src/contracts/failures';
import type { Submission } from '../../../src/providers/intake';
import { only } from '../../../src/providers/outcome';
import { createTwelveLabsProvider } from '../../../src/providers/twelvelabs/twelvelabs-provider';
import { createFileSources } from '../../../src/storage/files/file-sources';
import type { SourceFile } from '../../../src/storage/files/source-file';
import { serveOnLoopback } from '../../../src/cli/demo/loopback-server';
import { bodyOf } from '../../support/servers/http-server';

const MEGABYTE = 1024 * 1024;
/** Of the tests of what does not come in time. */
const TIMEOUT_MS = 400;
/** Of 50 MB, however slow the machine is. */
const PATIENT_MS = 20_000;

let folder: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
let server: Awaited<ReturnType<typeof serveOnLoopback>>;
let provider: ReturnType<typeof createTwelveLabsProvider>;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-upload-'));
  server = await serveOnLoopback((request, response) => void answer(request, response));
  provider = createTwelveLabsProvider({ apiKey: 'tlk_UNIT', baseUrl: server.url, requestTimeoutMs: TIMEOUT_MS });
});
afterEach(async () => {
  await provider.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const made = (response: ServerResponse): void => {
  response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ _id: 'a1' }));
};
const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

const TAG = { key: 'k', workflowId: 'w', runId: 'r', owner: 'o', onCancel: 'delete', onFailure: 'keep' } as const;

const submissionOf = (file: SourceFile): Submission => ({
  content: { route: 'whole', bytes: file },
  filename: 'a.mp4',
  metadata: {},
  fields: { enableHls: false, enableThumbnail: false },
  tag: TAG,
});

/** A file of `sizeBytes` that is mostly a hole, with marks at both ends. */
async function sparseFile(sizeBytes: number): Promise<SourceFile> {
  const file = path.join(folder, 'sparse.mp4');
  const handle = await open(file, 'w');
  await handle.write('start', 0);
  await handle.write('end', sizeBytes - 3);
  await handle.close();
  return createFileSources({ roots: [folder], restMs: 0 }).resolve(file);
}

/** A source whose bytes come from `pieces`. */
const sourceOf = (sizeBytes: number, pieces: () => AsyncGenerator<Buffer>): SourceFile => ({
  path: '/a.mp4',
  filename: 'a.mp4',
  sizeBytes,
  fingerprint: '',
  content: '',
  read: () => Readable.from(pieces()),
});

const upload = async (file: SourceFile, to = provider) => only(await to.intake.submit([submissionOf(file)]));
const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('50 MB arrive intact, in a body of exactly the announced length', async () => {
  const file = await sparseFile(50 * MEGABYTE);
  let body: Buffer = Buffer.alloc(0);
  let announced = 0;
  answer = async (request, response) => {
    announced = Number(request.headers['content-length']);
    body = await bodyOf(request);
    made(response);
  };
  const patient = createTwelveLabsProvider({ apiKey: 'tlk_UNIT', baseUrl: server.url, requestTimeoutMs: PATIENT_MS });
  await upload(file, patient).finally(() => patient.close());
  expect(announced).toBe(body.byteLength);
  const start = body.indexOf('\r\n\r\nstart') + 4;
  const sent = body.subarray(start, start + file.sizeBytes);
  const expected = Buffer.concat([Buffer.from('start'), Buffer.alloc(50 * MEGABYTE - 8), Buffer.from('end')]);
  expect(createHash('sha256').update(sent).digest('hex')).toBe(createHash('sha256').update(expected).digest('hex'));
});

test('an upload may last longer than the timeout as long as it moves', async () => {
  answer = async (request, response) => {
    await bodyOf(request);
    made(response);
  };
  const slow = sourceOf(8, async function* () {
    for (let piece = 0; piece < 8; piece++) {
      await rest(TIMEOUT_MS / 4);
      yield Buffer.from('x');
    }
  });
  expect(await upload(slow)).toMatchObject({ asset: { id: 'a1' } });
});

test('a provider that stops reading had not the whole request', async () => {
  answer = (request) => void request.once('data', () => request.pause());
  expect(failureType(await errorOf(upload(await sparseFile(50 * MEGABYTE))))).toBe('ProviderUnavailable');
});

test('a source that stops coming ends the upload', async () => {
  answer = (request) => void request.resume();
  const stalled = sourceOf(2, async function* () {
    yield Buffer.from('x');
    await new Promise(() => {});
  });
  const error = await errorOf(upload(stalled));
  expect(failureType(error)).toBe('ProviderUnavailable');
  expect((error as Error).message).toContain('stalled');
});

test('a create that is never answered after a slow upload is OutcomeUnknown', async () => {
  answer = (request) => void request.resume();
  const slow = sourceOf(3, async function* () {
    for (let piece = 0; piece < 3; piece++) {
      await rest(TIMEOUT_MS / 2);
      yield Buffer.from('x');
    }
  });
  expect(failureType(await errorOf(upload(slow)))).toBe('OutcomeUnknown');
});

test('a refusal that comes before the upload has ended is heard', async () => {
  answer = (_request, response) => {
    response.writeHead(401, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify({ code: 'api_key_invalid', message: 'expired' }));
  };
  const error = await errorOf(upload(await sparseFile(50 * MEGABYTE)));
  expect(failureType(error)).toBe('ProviderAuth');
  expect((error as Error).message).toContain('expired');
});

test('progress is told of each submission', async () => {
  answer = async (request, response) => {
    await bodyOf(request);
    made(response);
  };
  const file = sourceOf(4, async function* () {
    yield Buffer.from('four');
  });
  const progress: number[][] = [];
  const onProgress = (...told: [number, number]) => void progress.push(told);
  await provider.intake.submit([submissionOf(file), submissionOf(file)], { onProgress });
  expect(progress).toEqual([
    [0, 4],
    [1, 4],
  ]);
});

test.each([
  ['an asset is deleted', () => provider.assets.remove(['a1'], { force: false }).then(only)],
  ['an asset is read', () => provider.assets.get('a1')],
])('a redirect is no success when %s', async (_name, call) => {
  answer = (_request, response) => void response.writeHead(307, { location: 'https://elsewhere.example/' }).end();
  const error = await errorOf(call());
  expect(failureType(error)).toBe('ProviderUnavailable'); // a login page redirects as well
  expect((error as Error).message).toContain('TWELVELABS_BASE_URL');
});

test('a key that cannot stand in a header is refused, and stands in no message', async () => {
  const other = createTwelveLabsProvider({ apiKey: 'tlk_ключ', baseUrl: server.url, requestTimeoutMs: TIMEOUT_MS });
  const error = await errorOf(other.assets.get('a1'));
  await other.close();
  expect(failureType(error)).toBe('ProviderAuth');
  expect((error as Error).message).not.toContain('ключ');
});

test('a read that was aborted before it went out ends with the reason of the abort', async () => {
  const reason = new Error('cancelled');
  expect(await errorOf(provider.assets.get('a1', { signal: AbortSignal.abort(reason) }))).toBe(reason);
});

test('a write to a host that speaks no TLS had no effect', async () => {
  const tls = server.url.replace('http:', 'https:');
  const other = createTwelveLabsProvider({ apiKey: 'tlk_UNIT', baseUrl: tls, requestTimeoutMs: TIMEOUT_MS });
  const branch = { type: 'embed', model: 'marengo3.0' } as const;
  const item = { assetId: 'a1', fileType: 'video/mp4', branch, tag: TAG };
  const error = await errorOf(other.branches.embed?.start([item]).then(only) ?? Promise.resolve());
  await other.close();
  expect(failureType(error)).toBe('ProviderUnavailable');
});

test('an asset added to an entity by a request without an answer is in doubt, not missing', async () => {
  answer = async (request) => {
    await bodyOf(request);
    request.socket.destroy();
  };
  const branch = { type: 'entity', collectionId: 'c', entityId: 'e' };
  const adding = await provider.branches.entity?.start([{ branch, assetId: 'a', tag: TAG }]);
  expect(adding).toMatchObject([{ ok: false, error: { type: 'OutcomeUnknown' } }]);
});
