import { buffer } from 'node:stream/consumers';
import { failureType } from '../../../src/contracts/failures';
import type { Assets } from '../../../src/providers/assets';
import { followPages } from '../../../src/providers/shared/read-pages';
import { image, pendingIn, png, startAccount, type Account } from './account';

let vi: Account;
let assets: Required<Assets>;
const canAll = (one: Assets): one is Required<Assets> =>
  ['count', 'open', 'removeMatching'].every((name) => name in one);
beforeEach(async () => {
  vi = await startAccount();
  if (!canAll(vi.provider.assets)) throw new Error('an operation is missing');
  ({ assets } = vi.provider);
});
afterEach(() => vi.close());

const typeOf = (promise: Promise<unknown>) => promise.then(() => 'ok', failureType);
const queryOf = () => Object.fromEntries(new URL(vi.api.heard.at(-1)?.url ?? 'http://x').searchParams);

test('an iterator reads all pages, each asset once', async () => {
  for (let at = 0; at < 7; at++) vi.api.addAsset(`${at}.png`, png('x'));
  const seen: (string | undefined)[] = [];
  const read = (from: string | undefined) => assets.list({ pageSize: 3, from });
  for await (const { items } of followPages(read, { idOf: ({ id }) => id })) {
    seen.push(...items.map(({ filename }) => filename));
  }
  expect(seen.toSorted()).toEqual(['0.png', '1.png', '2.png', '3.png', '4.png', '5.png', '6.png']);
  const { next } = await assets.list({ pageSize: 3 });
  expect((await assets.list({ pageSize: 3, from: next })).items).toHaveLength(3);
});

test.each(['default', 'assetId', 'filename', 'lastModified.contents', 'metadata.fileSize'])(
  'a list can be sorted by %s, both ways, filtered, and asked with contents',
  async (sortBy) => {
    expect(vi.provider.traits.assetOrders).toContain(sortBy);
    for (const order of ['asc', 'desc'] as const) {
      const sort = { by: sortBy, order };
      await assets.list({ sort, filter: 'f', metadataQuery: 'custom_field == "value"', contents: true });
      expect(queryOf()).toEqual({
        s: '10',
        sortBy,
        o: order,
        filter: 'f',
        metadataQuery: 'custom_field == "value"',
        contents: 'y',
      });
    }
  },
);

test('a list is newest first where no order is asked, also one that is narrowed by a part of the name', async () => {
  vi.api.addAsset('a.png', png('x'));
  vi.api.addAsset('b.png', png('x'));
  const { items } = await assets.list({ filename: 'A', filter: 'f', sort: { by: 'filename' } });
  expect(items.map(({ filename }) => filename)).toEqual(['a.png']);
  expect(queryOf()).toEqual({ s: '1000', sortBy: 'filename', o: 'asc', filter: 'f' });
  await assets.list({});
  expect(queryOf()).toEqual({ s: '10', sortBy: 'lastModified.contents', o: 'desc' });
});

test.each([{ pageSize: 0 }, { pageSize: 1001 }, { pageSize: 1.5 }, { sort: { by: 'size' } }])(
  '%o is refused before any request',
  async (query) => {
    expect(await typeOf(assets.list(query))).toBe('InvalidRequest');
    expect(vi.api.heard).toEqual([]);
  },
);

test('an asset comes with everything that the provider tells, and with URLs where they are asked for', async () => {
  const { id } = vi.api.addAsset('a.png', png('x'));
  const plain = await assets.get(id);
  expect(plain.contents).toBeUndefined();
  expect(plain).toMatchObject({ filename: 'a.png', hash: { algorithm: 'sha256' }, widthPixels: 1, status: 'ready' });
  expect(plain.details).toMatchObject({
    kind: 'Image',
    metadata: { pixelRatio: { height: 1 }, cohorts: [], frames: 1 },
  });
  const { contents } = await assets.get(id, { contents: true });
  expect(Date.parse(contents?.asset?.expiresAt ?? '')).toBeGreaterThan(Date.now());
  if (!contents?.asset || !contents.thumbnail) throw new Error('no URLs');
  expect(await buffer((await assets.open(contents.asset)).bytes)).toEqual(png('x'));
  expect(vi.api.heard.at(-1)?.headers).toMatchObject({ 'x-of-url': 'yes' });
  expect(vi.api.heard.at(-1)?.headers.authorization).toBeUndefined();
});

test('a URL that has expired is told from other troubles', async () => {
  const { id } = vi.api.addAsset('a.png', png('x'));
  const { contents } = await assets.get(id, { contents: true });
  vi.api.assets.clear();
  expect(await typeOf(assets.open(contents?.asset ?? { url: '', expiresAt: '' }))).toBe('UploadExpired');
});

test('counts, and removes one by one', async () => {
  const { id } = vi.api.addAsset('a.png', png('x'));
  vi.api.addAsset('b.png', png('x'));
  expect(await assets.count({ filter: 'f' })).toBe(2);
  expect(
    (await assets.remove([id, 'a9999'], { force: false })).map((one) => (one.ok ? 'ok' : failureType(one.error))),
  ).toEqual(['ok', 'ResourceGone']);
  expect(await assets.count()).toBe(1);
});

test('many are removed by a filter, which there must be, and it is waited for', async () => {
  vi.api.addAsset('a.png', png('x'));
  expect(await typeOf(assets.removeMatching({}))).toBe('InvalidRequest');
  expect(vi.api.heard).toEqual([]);
  await assets.removeMatching({ metadataQuery: 'a == 1' });
  const spec = { filter: null, metadataQuery: 'a == 1', ruleQuery: null, strictQuery: null };
  expect(JSON.parse(vi.api.heard[0]?.body ?? '')).toEqual({ spec });
  vi.api.deletionEnds = 'FailedReach';
  expect(await typeOf(assets.removeMatching({ filter: 'f' }))).toBe('ProcessingFailed');
});

test('notes cannot be added to an asset', async () => {
  const { id } = vi.api.addAsset('a.png', png('x'));
  const [outcome] = await vi.provider.assets.annotate([{ assetId: id, fields: { a: '1' } }]);
  expect(outcome?.ok === false && failureType(outcome.error)).toBe('ProviderRejected');
});

describe('ingestion sessions', () => {
  const ingestions = () => {
    if (!vi.provider.ingestions) throw new Error('there are none');
    return vi.provider.ingestions;
  };

  test('are listed and read with conditions, events, counts and files, and without URLs', async () => {
    const [pending] = await vi.submit([image('a.png'), image('bad.png', Buffer.from('text'))]);
    const { id } = pendingIn(pending);
    const session = await ingestions().get(id);
    expect(session).toMatchObject({
      ...{ id, in: 'demo', state: 'ended', failureMode: 'FailAfterAll', overwriteMode: 'KeepLinkedResource' },
      progress: { total: 2, succeeded: 1, errored: 1 },
      failed: { 'bad.png': 'EBADMIME' },
      conditions: [{ condition: 'Finished', status: 'Reached' }, { condition: 'Started' }],
      events: [{ kind: 'Error', files: { 'bad.png': 'EBADMIME' } }],
      files: [{ filename: 'a.png', mime: 'image/png' }, { filename: 'bad.png' }],
    });
    expect(JSON.stringify(session)).not.toContain('sig=');
    expect((await ingestions().list()).items.map((one) => one.id)).toEqual([id]);
    expect((await ingestions().wait(id)).state).toBe('ended');
  });

  test('a wait has a deadline, and says how far the session is', async () => {
    const [pending] = await vi.submit([image('a.png')]);
    const { id } = pendingIn(pending);
    vi.api.sessions.get(id)?.done.clear();
    const looks: string[] = [];
    const waiting = ingestions().wait(id, { deadlineMs: 30, onLook: ({ state }) => looks.push(state) });
    await expect(waiting).rejects.toMatchObject({
      type: 'DeadlineExceeded',
      message: expect.stringContaining('0 of 1'),
    });
    expect(new Set(looks)).toEqual(new Set(['open']));
    await ingestions().cancel(id);
    expect((await ingestions().get(id)).state).toBe('ended');
  });
});
