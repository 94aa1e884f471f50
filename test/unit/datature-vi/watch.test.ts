import { INGESTION_CODES } from '../../../src/providers/datature-vi/intake/ingestion-codes';
import { image, pendingIn, png, startAccount, type Account } from './account';

let vi: Account;
beforeEach(async () => {
  vi = await startAccount();
});
afterEach(async () => {
  jest.useRealTimers();
  await vi.close();
});

const submitted = async (...names: string[]) => (await vi.submit(names.map((name) => image(name)))).map(pendingIn);
const only = <T>([one]: readonly T[]): T => {
  if (one === undefined) throw new Error('there is none');
  return one;
};

/** What the watch says once the missing asset is overdue. */
async function overdue(handle: Parameters<Account['watch']>[0]) {
  expect(await vi.watch(handle)).toMatchObject([{ state: 'working' }]);
  jest.useFakeTimers({
    now: Date.now() + 61_000,
    doNotFake: ['setTimeout', 'setInterval', 'setImmediate', 'nextTick', 'queueMicrotask'],
  });
  return only(await vi.watch(handle));
}

test.each(Object.entries(INGESTION_CODES))('%s is told as what it is', async (code, { type, submissions }) => {
  const handle = only(await submitted('a.png'));
  const session = only([...vi.api.sessions.values()]);
  vi.api.assets.clear();
  session.done.clear();
  session.errors.set('a.png', code);
  const [heard] = await vi.watch(handle);
  expect(heard).toMatchObject({ state: 'failed', type, submissions, message: expect.stringContaining(code) });
});

test('all twelve codes of the SDK are known, and another one is a failure all the same', async () => {
  expect(Object.keys(INGESTION_CODES)).toHaveLength(12);
  const handle = only(await submitted('a.png'));
  const session = only([...vi.api.sessions.values()]);
  vi.api.assets.clear();
  session.done.clear();
  session.errors.set('a.png', 'ENEW');
  expect(await vi.watch(handle)).toMatchObject([{ state: 'failed', type: 'ProcessingFailed' }]);
});

test.each(['Reached', 'FailedReach'] as const)(
  'files that succeeded are ready where the session ends as %s',
  async (end) => {
    vi.api.finishedWithErrors = end;
    const outcomes = await vi.submit([image('a.png'), image('bad.png', Buffer.from('text'))]);
    const heard = await vi.watch(...outcomes.map(pendingIn));
    expect(heard).toMatchObject([{ state: 'ready' }, { state: 'failed', type: 'ProviderRejected' }]);
  },
);

test('a file is ready as soon as its asset is listed, before its session ends', async () => {
  const handles = await submitted('a.png', 'b.png');
  const session = only([...vi.api.sessions.values()]);
  session.done.delete('b.png');
  vi.api.assets.delete('a2');
  expect((await vi.watch(...handles)).map(({ state }) => state).toSorted()).toEqual(['ready', 'working']);
});

test('one session request and one walk serve all files that are waited for', async () => {
  const handles = await submitted(...Array.from({ length: 30 }, (_, at) => `${at}.png`));
  vi.api.heard.length = 0;
  expect((await vi.watch(...handles)).every(({ state }) => state === 'ready')).toBe(true);
  expect(vi.api.heard.map(({ route }) => route)).toEqual(['GET /assetIngestionSessions/{id}', 'GET /assets']);
});

test('an asset that never comes of a session that has ended is sent again in the end', async () => {
  const handle = only(await submitted('a.png'));
  vi.api.assets.clear();
  expect(await overdue(handle)).toMatchObject({ state: 'failed', type: 'UploadExpired', submissions: 2 });
});

test('an asset that cannot be compared does not stand for a file that its session has yet to bring, or has refused', async () => {
  vi.api.hashAlgorithm = 'unheard-of';
  const handle = only(await submitted('a.png'));
  expect(await vi.watch(handle)).toMatchObject([{ state: 'ready' }]);
  const session = only([...vi.api.sessions.values()]);
  session.done.clear();
  expect(await vi.watch(handle)).toMatchObject([{ state: 'working' }]);
  session.errors.set('a.png', 'ECORRUPT');
  expect(await vi.watch(handle)).toMatchObject([{ state: 'failed', message: expect.stringContaining('ECORRUPT') }]);
});

test('an asset that cannot be compared does not stand for a file of a session that was ended early, or that is not kept', async () => {
  vi.api.hashAlgorithm = 'unheard-of';
  const handle = only(await submitted('a.png'));
  const session = only([...vi.api.sessions.values()]);
  session.done.clear(); // what is listed is what had the name before
  session.cancelled = true;
  expect(await overdue(handle)).toMatchObject({ state: 'failed', type: 'UploadExpired' });
  vi.api.sessions.clear();
  expect(await overdue(handle)).toMatchObject({ state: 'gone' });
});

test('an asset that another upload has overwritten is said to be', async () => {
  const handle = only(await submitted('a.png'));
  vi.api.addAsset('a.png', png('other'));
  const heard = await overdue(handle);
  expect(heard).toMatchObject({ state: 'failed', type: 'AssetExists' });
  expect(heard.message).toContain('overwritten');
});

test('a session that is not kept any more does not hide its asset; without one it is gone', async () => {
  const [a, b] = await submitted('a.png', 'b.png');
  if (!a || !b) throw new Error('two were submitted');
  vi.api.sessions.clear();
  expect(await vi.watch(a)).toMatchObject([{ state: 'ready', asset: { filename: 'a.png' } }]);
  vi.api.assets.clear();
  expect(await overdue(b)).toMatchObject({ state: 'gone' });
});

test('handles of every dataset are watched by the account, and one without a dataset is refused', async () => {
  const handle = only(await submitted('a.png'));
  const heard = [];
  const strange = { kind: 'asset', id: 'a1', words: 'Asset a1' };
  for await (const one of vi.account.watch([handle, strange], { pace: async () => {} })) heard.push(one);
  expect(heard).toContainEqual(expect.objectContaining({ state: 'ready', handle }));
  expect(heard).toContainEqual({ handles: [strange], error: expect.objectContaining({ type: 'InvalidRequest' }) });
});
