import { Readable } from 'node:stream';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { failureType } from '../../../src/contracts/failures';
import type { BranchResource } from '../../../src/contracts/resource';
import type { Submission } from '../../../src/providers/intake';
import type { BranchItem } from '../../../src/providers/branch-kind';
import { only } from '../../../src/providers/outcome';
import { createTwelveLabsProvider } from '../../../src/providers/twelvelabs/twelvelabs-provider';
import type { SourceFile } from '../../../src/storage/files/source-file';
import { serveOnLoopback } from '../../../src/cli/demo/loopback-server';
import { bodyOf } from '../../support/servers/http-server';

const MEGABYTE = 1024 ** 2;
let asked: string[];
let answer: (request: IncomingMessage, response: ServerResponse) => unknown;
let server: Awaited<ReturnType<typeof serveOnLoopback>>;
let provider: ReturnType<typeof createTwelveLabsProvider>;
beforeEach(async () => {
  asked = [];
  server = await serveOnLoopback((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    void answer(request, response);
  });
  provider = createTwelveLabsProvider({ apiKey: 'tlk_UNIT', baseUrl: server.url, requestTimeoutMs: 100 });
});
afterEach(async () => {
  await provider.close();
  await server.close();
});

const typeOf = (promise: Promise<unknown>): Promise<string | undefined> => promise.then(() => 'answered', failureType);
const json = (response: ServerResponse, body: unknown, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const down = (_request: IncomingMessage, response: ServerResponse) => json(response, {}, 503);

const TAG = { key: 'k', workflowId: 'w', runId: 'r', owner: 'o', onCancel: 'delete', onFailure: 'keep' } as const;
const submitted = async (one: Submission) => only(await provider.intake.submit([one]));
const started = async (item: BranchItem) => only((await provider.branches.embed?.start([item])) ?? []);
const removed = async (resource: BranchResource & { id: string }) =>
  provider.branches.entity?.remove?.(resource, { force: true, own: new Set() });

function upload(sizeBytes: number, read: () => Readable): Submission {
  const file: SourceFile = { path: '/a.mp4', filename: 'a.mp4', fingerprint: 'f', sizeBytes, read } as SourceFile;
  return {
    content: { route: 'whole', bytes: file },
    filename: 'a.mp4',
    metadata: {},
    fields: { enableHls: false, enableThumbnail: false },
    tag: TAG,
  };
}

test('a large upload is no probe: while the provider is down, a small request goes before it', async () => {
  const large = upload(4 * MEGABYTE, () => Readable.from([Buffer.alloc(4 * MEGABYTE)]));
  answer = down;
  for (let n = 0; n < 4; n++) await typeOf(provider.assets.get('a1'));
  for (let n = 0; n < 4; n++) await typeOf(provider.assets.list({}));
  await typeOf(provider.assets.referrers('a1'));
  expect(await typeOf(submitted(large))).toBe('ProviderUnavailable');
  answer = async (request, response) => {
    await bodyOf(request);
    json(response, request.method === 'POST' ? { _id: 'a1' } : { data: [], page_info: {} }, 200);
  };
  asked = [];
  while ((await typeOf(submitted(large))) !== 'answered') await delay(20); // until the pause is over
  expect(asked).toEqual(['GET /assets?page=1&page_limit=1', 'POST /assets']);
});

test('sources that stall are no outage, of the endpoint or the provider', async () => {
  const stalled = upload(10, () => new Readable({ read() {} }));
  answer = () => undefined;
  for (let n = 0; n < 6; n++) expect(await typeOf(submitted(stalled))).toBe('ProviderUnavailable');
  answer = async (request, response) => {
    await bodyOf(request);
    json(response, { _id: 'a1' }, 201);
  };
  expect(await typeOf(submitted(upload(1, () => Readable.from([Buffer.from('x')]))))).toBe('answered');
});

test.each<[string, () => Promise<unknown>]>([
  ['a deletion', () => removed({ kind: 'entity', branch: 'entity', in: 'c', id: 'e', assetId: 'a' })],
  ['a mark', () => provider.assets.annotate([{ assetId: 'a1', fields: {} }]).then(only)],
  ['a read', () => provider.assets.get('a1')],
])('a login page of a proxy with status 200 is no success of %s', async (_what, call) => {
  answer = (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>log in</html>');
  expect(await typeOf(call())).toBe('ProviderUnavailable');
});

test('media seconds that are used up hold one kind of embedding for a minute at most, and no other kind', async () => {
  const branch = { type: 'embed', model: 'marengo3.0' } as const;
  const limits = { 'x-ratelimit-duration-remaining': '0', 'x-ratelimit-duration-reset': '7200' };
  answer = (_request, response) =>
    response.writeHead(429, limits).end(JSON.stringify({ error: { code: 'too_many_requests', message: 'Slow.' } }));
  const embed = (fileType: string) =>
    started({ assetId: 'a1', fileType, branch, tag: TAG }).then(
      () => Number.NaN,
      (error: { nextRetryDelay: number }) => error.nextRetryDelay,
    );
  expect(await embed('video/mp4')).toBeGreaterThanOrEqual(7_200_000);
  const other = await embed('video/mp4');
  expect(other).toBeGreaterThan(50_000);
  expect(other).toBeLessThanOrEqual(61_000);
  expect(asked).toHaveLength(1);
  await embed('audio/mpeg');
  expect(asked).toHaveLength(2);
});
