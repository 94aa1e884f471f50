import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Server } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Clock } from '../../../emulator/shared/clock';
import { ControlClient } from '../../../emulator/shared/control/control-client';
import { CONTROL_PREFIX, controlRoutes } from '../../../emulator/shared/control/control-routes';
import { partStore } from '../../../emulator/shared/parts/part-store';
import { PartFiles } from '../../../emulator/shared/parts/part-files';
import { RateWindows } from '../../../emulator/shared/rate-windows';
import { ApiError } from '../../../emulator/shared/server/api-error';
import { jsonServer, listenAt } from '../../../emulator/shared/server/json-server';
import { RoutedApi } from '../../../emulator/shared/server/routed-api';
import { StateFolder } from '../../../emulator/shared/state-folder';
import { Counters } from '../../../emulator/shared/traffic/counters';
import { Faults } from '../../../emulator/shared/traffic/faults';
import { Traffic } from '../../../emulator/shared/traffic/traffic';

/** A vendor with a bearer token, errors of its own shape, sessions, and a store that parts are put to. */
class OtherApi extends RoutedApi<{ counted?: boolean }> {
  protected readonly prefix = '/other/v2';

  constructor(
    app: FastifyInstance,
    traffic: Traffic,
    private readonly limits: RateWindows,
  ) {
    super(app, traffic);
  }

  protected keyOf = ({ headers }: FastifyRequest): string | undefined => headers.authorization;

  protected authenticate(request: FastifyRequest): void {
    if (!this.keyOf(request)) throw new ApiError(401, 'NoToken', 'no token');
  }

  protected spend(_route: string, _call: unknown, { counted }: { counted?: boolean } = {}): Record<string, string> {
    if (counted && this.limits.take('sessions', { sessions: 1 }).full) throw new ApiError(429, 'Full', 'too many');
    return {};
  }

  protected errorBody = ({ code }: ApiError): unknown => ({ errors: [{ code }] });
  protected faultBody = (): unknown => ({ errors: [{ code: 'Asked' }] });
  protected answerHeaders = (): Record<string, string> => ({ 'x-other': 'yes' });
  protected changed(): void {}
}

let folder: string;
let app: FastifyInstance;
let store: Server;
let parts: PartFiles;
let state: StateFolder;
let api: string;
let storeUrl: string;
let control: ControlClient<{ sessions: string[] }>;
let clock: Clock;
const sessions: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'other-emulator-'));
  sessions.length = 0;
  clock = new Clock();
  const kept = {
    onChange: (): void => undefined,
    contents: () => ({ sessions }),
    load: (contents: Readonly<Record<string, unknown>>) =>
      void sessions.push(...((contents.sessions ?? []) as string[])),
  };
  state = await StateFolder.open(folder, 'other.json', kept, clock);
  parts = await PartFiles.open(folder);
  app = jsonServer({ bodyLimitBytes: 1000 });
  const traffic = new Traffic(new Faults(), new Counters(), new AbortController().signal);
  const limits = new RateWindows(clock, () => [{ of: 'sessions', most: 1, windowMs: 60_000 }]);
  const routes = new OtherApi(app, traffic, limits);
  routes.route(
    'POST',
    '/sessions',
    ({ body }) =>
      () => {
        sessions.push((body as { name: string }).name);
        kept.onChange();
        return { status: 200, body: { files: sessions } };
      },
    { counted: true },
  );
  controlRoutes(app, {
    identity: { emulator: 'other' },
    traffic,
    clock,
    settings: { processing: { baseMs: 0, msPerMegabyte: 0 } },
    state: () => ({ sessions }),
    changed: () => kept.onChange(),
    fail: () => undefined,
    forget: async () => void sessions.splice(0),
  });
  store = partStore(
    {
      routes: { puts: ['PUT /signed/{file}'] },
      keyHeader: 'authorization',
      expectedAt: (url) => {
        const [, file] = /^\/signed\/(\w+)$/.exec(url) ?? [];
        if (file === undefined) return undefined;
        return {
          route: 'PUT /signed/{file}',
          name: file,
          admit: (headers) => {
            if (headers['x-crc32c'] === undefined) throw new ApiError(400, 'MissingChecksum', 'no checksum');
            return async (body, onBytes) => {
              const { md5 } = await parts.take(body, { uploadId: 'u', name: file, algorithms: ['md5'] }, onBytes);
              return { commit: () => ({ 'x-hash': String(md5) }), discard: () => parts.discard('u', file) };
            };
          },
        };
      },
    },
    traffic,
  );
  storeUrl = `http://127.0.0.1:${await listenAt(store, 0, '127.0.0.1')}`;
  const origin = await app.listen({ port: 0, host: '127.0.0.1' });
  api = `${origin}/other/v2`;
  control = new ControlClient(`${origin}${CONTROL_PREFIX}`);
});
afterEach(async () => {
  store.closeAllConnections();
  store.close();
  await app.close();
  await parts.close();
  await state.close();
  clock.close();
  await rm(folder, { recursive: true, force: true });
});

const post = (name: string, headers: Record<string, string> = { authorization: 'Bearer t' }): Promise<Response> =>
  fetch(`${api}/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ name }),
  });

test('a vendor’s keys, limits and error shapes stand in its own class alone', async () => {
  const refused = await post('a', {});
  expect([refused.status, await refused.json()]).toEqual([401, { errors: [{ code: 'NoToken' }] }]);
  const first = await post('a');
  expect([first.status, first.headers.get('x-other'), await first.json()]).toEqual([200, 'yes', { files: ['a'] }]);
  expect((await post('b')).status).toBe(429);
  await control.advanceClock(60_000);
  expect((await post('b')).status).toBe(200);
  expect(await control.state()).toEqual({ sessions: ['a', 'b'] });
  expect(await control.counters()).toEqual({
    'POST /sessions': { requests: 4, byStatus: { 200: 2, 401: 1, 429: 1 } },
  });
});

test('faults strike a vendor’s routes, and those of its store may cut a body off', async () => {
  await control.addFault({ route: 'POST /sessions', drop: 'after', times: 1 });
  await expect(post('lost')).rejects.toThrow('fetch failed');
  expect(sessions).toEqual(['lost']);
  await control.addFault({ route: 'POST /sessions', status: 500, times: 1 });
  expect(await (await post('x')).json()).toEqual({ errors: [{ code: 'Asked' }] });
  await expect(control.addFault({ route: 'POST /sessions', dropAfterBytes: 1 })).rejects.toThrow(
    'dropAfterBytes is for PUT /signed/{file}',
  );
  await control.addFault({ route: 'PUT /signed/{file}', dropAfterBytes: 1, times: 1 });
  const put = (): Promise<Response> =>
    fetch(`${storeUrl}/signed/f1`, { method: 'PUT', headers: { 'x-crc32c': 'AAAA' }, body: 'hello' });
  await expect(put()).rejects.toThrow('fetch failed');
  expect((await put()).headers.get('x-hash')).toBe('5d41402abc4b2a76b9719d911017c592');
  expect(await control.partCounters()).toMatchObject({ puts: 2, stored: 1, withApiKey: 0 });
});

test('a store refuses in the words of S3, with the code that its vendor gives', async () => {
  const refused = await fetch(`${storeUrl}/signed/f1`, { method: 'PUT', body: 'hello' });
  expect([refused.status, await refused.text()]).toEqual([
    400,
    expect.stringContaining('<Code>MissingChecksum</Code>'),
  ]);
  expect((await fetch(`${storeUrl}/elsewhere`, { method: 'PUT', body: '' })).status).toBe(404);
});
