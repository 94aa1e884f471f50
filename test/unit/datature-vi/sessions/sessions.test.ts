import { SubmissionAborted } from '../../../../src/providers/outcome';
import { image, pendingIn, png, SECRET_KEY, startAccount, tagOf, wordOf, type Account } from '../account';

let vi: Account;
beforeEach(async () => {
  vi = await startAccount();
});
afterEach(() => vi.close());

const OPENS = /^POST \/assetIngestionSessions$/;
const PUTS = /^PUT \/store/;

test('many files share one session, with checksums, and the tag as metadata', async () => {
  const outcomes = await vi.submit([image('a.png'), image('b.png', undefined, { metadata: { season: 2 } })]);
  expect(outcomes.map(wordOf)).toEqual(['pending', 'pending']);
  const [open, ...others] = vi.api.routes(OPENS);
  expect(others).toEqual([]);
  const { spec } = JSON.parse(open?.body ?? '') as { spec: Record<string, unknown> & { assets: unknown[] } };
  expect(spec).toMatchObject({ kind: 'Upload', failureMode: 'FailAfterAll' });
  expect(spec.assets).toMatchObject([
    { filename: 'a.png', mime: 'image/png', size: 13, kind: 'Image', crc32c: expect.any(Number) },
    { filename: 'b.png', customMetadata: { season: 2, asset_lifecycle_key: 'b.png', asset_lifecycle_owner: 'o' } },
  ]);
  const heard = await vi.watch(...outcomes.map(pendingIn));
  expect(heard.map(({ state, asset }) => [state, asset?.filename])).toEqual([
    ['ready', 'a.png'],
    ['ready', 'b.png'],
  ]);
});

test('the API gets the key, and the store gets exactly the headers that came with its URL', async () => {
  await vi.submit([image('a.png')]);
  const [open] = vi.api.routes(OPENS);
  expect(open?.headers).toMatchObject({ authorization: `Bearer ${SECRET_KEY}`, 'organization-id': 'org' });
  const [put] = vi.api.routes(PUTS);
  const { host: _host, connection: _connection, ...headers } = put?.headers ?? {};
  expect(headers).toEqual({ 'content-type': 'image/png', 'content-length': '13' });
});

test('no byte goes out before every caller knows its session', async () => {
  const told: string[] = [];
  const onOpened = async (at: number, { id, item }: { id: string; item?: string }): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 20 * at));
    expect(vi.api.routes(PUTS)).toEqual([]);
    expect(vi.api.sessions.has(id)).toBe(true);
    told.push(item ?? '');
  };
  await vi.submit([image('a.png'), image('b.png')], { onOpened });
  expect(told).toEqual(['a.png', 'b.png']);
  expect(vi.api.routes(PUTS)).toHaveLength(2);
});

test('a file whose session could not be made known is not sent, and the others are', async () => {
  const onOpened = async (at: number): Promise<void> => {
    if (at === 0) throw new Error('the server is away');
  };
  const outcomes = await vi.submit([image('a.png'), image('b.png')], { onOpened });
  expect(outcomes.map(wordOf)).toEqual(['Error', 'pending']);
  expect([...vi.api.assets.values()].map(({ filename }) => filename)).toEqual(['b.png']);
});

test('a member that is cancelled is not sent; the session is cancelled once nobody waits for the rest', async () => {
  const leaver = new AbortController();
  const onOpened = async (): Promise<void> => leaver.abort(new Error('cancelled'));
  const signals = [leaver.signal, undefined];
  const [left, stayed] = await vi.submit([image('a.png'), image('b.png')], { signals, onOpened });
  expect(left?.ok === false && left.error).toBeInstanceOf(SubmissionAborted);
  expect(vi.api.routes(PUTS)).toHaveLength(1);
  const [session] = vi.api.sessions.values();
  expect(await vi.watch(pendingIn(stayed))).toMatchObject([{ state: 'ready' }]);
  expect(session?.cancelled).toBe(true);
});

test('a session whose other files have come is cancelled, though assets are listed only once it has ended', async () => {
  const leaver = new AbortController();
  const onOpened = async (): Promise<void> => leaver.abort(new Error('cancelled'));
  const signals = [leaver.signal, undefined];
  vi.api.arrived = (route) => {
    if (route.startsWith('GET /assets')) vi.api.assets.clear();
  };
  await vi.submit([image('a.png'), image('b.png')], { signals, onOpened });
  expect([...vi.api.sessions.values()].map(({ cancelled }) => cancelled)).toEqual([true]);
});

test('a session that all members left is cancelled at once', async () => {
  const leaver = new AbortController();
  const onOpened = async (): Promise<void> => leaver.abort(new Error('cancelled'));
  const [outcome] = await vi.submit([image('a.png')], { signal: leaver.signal, onOpened });
  expect(wordOf(outcome)).toBe('SubmissionAborted');
  expect([...vi.api.sessions.values()].map(({ cancelled }) => cancelled)).toEqual([true]);
});

test('a session that a look ends for whoever gave up its file is not said to go on', async () => {
  const [pending] = (await vi.submit([image('a.png')])).map(pendingIn);
  const [session] = vi.api.sessions.values();
  if (!pending || !session) throw new Error('no session');
  session.done.clear();
  const gaveUp = vi.provider.intake.abandon?.(pending); // gathers others for a moment before it asks
  await vi.watch(pending);
  expect(session.cancelled).toBe(true);
  expect(await gaveUp).toBe('ended');
});

test('of the open files of a run, which may have many keys, a key is told its own', async () => {
  const names = ['a.png', 'b.png'];
  const tagged = names.map((name) => image(name, undefined, { tag: tagOf(name, 'r-group') }));
  const handles = (await vi.submit(tagged)).map(pendingIn);
  const [session] = vi.api.sessions.values();
  session?.done.clear();
  for (const [at, name] of names.entries()) {
    const found = await vi.provider.intake.openFor?.(tagOf(name, 'r-group'));
    expect(found?.map(({ id, item }) => [id, item])).toEqual([[handles[at]?.id, name]]);
  }
  expect(await vi.provider.intake.openFor?.(tagOf('a.png', 'r-other'))).toEqual([]);
});

test('a pending file that is given up leaves its session to others, and takes it along as the last', async () => {
  const [a, b] = (await vi.submit([image('a.png', Buffer.from('x')), image('b.png')])).map(pendingIn);
  const [session] = vi.api.sessions.values();
  if (!a || !b || !session) throw new Error('no session');
  session.done.clear();
  session.errors.clear();
  expect(await vi.provider.intake.abandon?.(a)).toBe('open');
  expect(session.cancelled).toBe(false);
  expect(await vi.provider.intake.abandon?.(b)).toBe('ended');
  expect(session.cancelled).toBe(true);
  expect(await vi.provider.intake.abandon?.({ ...a, id: 's-unknown' })).toBe('ended');
});

test('a URL that has expired before its turn gets another session, and the old one is not left open', async () => {
  vi.api.urlLifeMs = 0;
  vi.api.arrived = (route) => {
    if (OPENS.test(route) && vi.api.sessions.size === 1) vi.api.urlLifeMs = 3_600_000;
  };
  const [outcome] = await vi.submit([image('a.png')]);
  expect(await vi.watch(pendingIn(outcome))).toMatchObject([{ state: 'ready' }]);
  expect([...vi.api.sessions.values()].map(({ cancelled, done }) => [cancelled, done.size])).toEqual([
    [true, 0],
    [false, 1],
  ]);
});

test('URLs that always expire at once end as UploadExpired, after a few sessions', async () => {
  vi.api.urlLifeMs = 0;
  const [outcome] = await vi.submit([image('a.png')]);
  expect(wordOf(outcome)).toBe('UploadExpired');
  expect(vi.api.sessions.size).toBe(3);
  expect([...vi.api.sessions.values()].every(({ cancelled }) => cancelled)).toBe(true);
});

test('a store that stumbles gets the file again in the same session', async () => {
  vi.api.faults.push(
    { route: 'PUT /store/{id}/a.png', status: 503 },
    { route: 'PUT /store/{id}/a.png', drop: 'before' },
  );
  const [outcome] = await vi.submit([image('a.png')]);
  expect(await vi.watch(pendingIn(outcome))).toMatchObject([{ state: 'ready' }]);
  expect(vi.api.sessions.size).toBe(1);
});

test('a session whose answer was lost is looked up and gone on with, before another is opened', async () => {
  vi.api.faults.push({ route: 'POST /assetIngestionSessions', drop: 'after' });
  const first = await vi.submit([image('a.png')]);
  expect(first.map(wordOf)).toEqual(['OutcomeUnknown']);
  expect(vi.api.sessions.size).toBe(1);
  const [again] = await vi.submit([image('a.png')]);
  expect(await vi.watch(pendingIn(again))).toMatchObject([{ state: 'ready' }]);
  expect(vi.api.sessions.size).toBe(1);
});

test.each([500, 503, 408])('%i at the create leaves its outcome open', async (status) => {
  vi.api.faults.push({ route: 'POST /assetIngestionSessions', status });
  expect((await vi.submit([image('a.png')])).map(wordOf)).toEqual(['OutcomeUnknown']);
});

test('an earlier session that gives no URL any more is left and cancelled, and another one opened', async () => {
  vi.api.faults.push({ route: 'POST /assetIngestionSessions', drop: 'after' });
  await vi.submit([image('a.png')]);
  for (const session of vi.api.sessions.values()) session.expiry = Date.now();
  const [again] = await vi.submit([image('a.png')]);
  expect(await vi.watch(pendingIn(again))).toMatchObject([{ state: 'ready' }]);
  expect([...vi.api.sessions.values()].map(({ cancelled }) => cancelled)).toEqual([true, false]);
});

test('sessions of other runs are left alone', async () => {
  vi.api.faults.push({ route: 'POST /assetIngestionSessions', drop: 'after' });
  await vi.submit([image('a.png')]);
  const other = image('a.png');
  const [outcome] = await vi.submit([{ ...other, tag: { ...other.tag, runId: 'another' } }]);
  expect(wordOf(outcome)).toBe('pending');
  expect([...vi.api.sessions.values()].map(({ cancelled }) => cancelled)).toEqual([false, false]);
});

test('a server that knows only the other spelling of "keep" gets it, from then on at once', async () => {
  vi.api.faults.push({
    route: 'POST /assetIngestionSessions',
    status: 400,
    body: '{"message":"onAssetOverwritten is not valid"}',
  });
  const outcomes = [...(await vi.submit([image('a.png')])), ...(await vi.submit([image('b.png')]))];
  expect(outcomes.map(wordOf)).toEqual(['pending', 'pending']);
  const spellings = vi.api
    .routes(OPENS)
    .map(({ body }) => (JSON.parse(body) as { spec: { onAssetOverwritten: string } }).spec.onAssetOverwritten);
  expect(spellings).toEqual(['KeepLinkedResource', 'KeepLinkedResources', 'KeepLinkedResources']);
});

test('an unknown dataset is said as such, before any session', async () => {
  vi.api.datasets = [];
  const [outcome] = await vi.submit([image('a.png')]);
  expect(wordOf(outcome)).toBe('ResourceGone');
  expect(outcome?.ok === false && (outcome.error as Error).message).toContain('dataset demo');
  expect(vi.api.routes(OPENS)).toEqual([]);
});

test('no message and no handle holds a signed URL, the key or the content', async () => {
  vi.api.faults.push({ route: 'PUT /store/{id}/a.png', status: 400, body: '<Code>Bad</Code>' });
  const outcomes = await vi.submit([image('a.png', png('very private')), image('b.png')]);
  const said = JSON.stringify(outcomes.map((one) => (one.ok ? one.value : (one.error as Error).message)));
  expect(wordOf(outcomes[0])).toBe('ProviderRejected');
  expect(said).not.toMatch(/sig=|dtvi_|private|http:/);
});
