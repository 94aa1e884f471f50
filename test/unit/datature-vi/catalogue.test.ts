import { buffer } from 'node:stream/consumers';
import { failureType } from '../../../src/contracts/failures';
import type { Catalogue } from '../../../src/providers/catalogue';
import { image, pendingIn, png, startAccount, type Account } from './account';

let vi: Account;
let catalogue: Catalogue;
beforeEach(async () => {
  vi = await startAccount();
  if (!vi.provider.catalogue) throw new Error('there is no catalogue');
  ({ catalogue } = vi.provider);
});
afterEach(() => vi.close());

const typeOf = (promise: Promise<unknown>) => promise.then(() => 'ok', failureType);
const queryOf = () => Object.fromEntries(new URL(vi.api.heard.at(-1)?.url ?? 'http://x').searchParams);

test('an iterator reads all pages, each asset once', async () => {
  for (let at = 0; at < 7; at++) vi.api.addAsset(`${at}.png`, png('x'));
  const seen: string[] = [];
  for await (const { items } of catalogue.pages({ pageSize: 3 })) seen.push(...items.map(({ filename }) => filename));
  expect(seen.toSorted()).toEqual(['0.png', '1.png', '2.png', '3.png', '4.png', '5.png', '6.png']);
  const { nextPage } = await catalogue.list({ pageSize: 3 });
  expect((await catalogue.list({ pageSize: 3, pageToken: nextPage })).items).toHaveLength(3);
});

test.each(['default', 'assetId', 'filename', 'lastModified.contents', 'metadata.fileSize'])(
  'a list can be sorted by %s, both ways, filtered, and asked with contents',
  async (sortBy) => {
    expect(catalogue.sortCriteria).toContain(sortBy);
    for (const order of ['asc', 'desc'] as const) {
      await catalogue.list({ sortBy, order, filter: 'f', metadataQuery: 'custom_field == "value"', contents: true });
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

test('the port’s own list is sorted as asked, and newest first where nothing is asked', async () => {
  expect(vi.provider.traits.assetOrders).toEqual(catalogue.sortCriteria);
  await vi.provider.assets.list({ sort: { by: 'metadata.fileSize', order: 'desc' } });
  expect(queryOf()).toEqual({ s: '10', sortBy: 'metadata.fileSize', o: 'desc' });
  await vi.provider.assets.list({});
  expect(queryOf()).toEqual({ s: '10', sortBy: 'lastModified.contents', o: 'desc' });
});

test.each([{ pageSize: 0 }, { pageSize: 1001 }, { pageSize: 1.5 }, { sortBy: 'size' }])(
  '%o is refused before any request',
  async (query) => {
    expect(await typeOf(catalogue.list(query))).toBe('InvalidRequest');
    expect(vi.api.heard).toEqual([]);
  },
);

test('an asset comes with everything that the provider tells, and with URLs where they are asked for', async () => {
  const { id } = vi.api.addAsset('a.png', png('x'));
  const plain = await catalogue.get(id);
  expect(plain.contents).toBeUndefined();
  expect(plain).toMatchObject({ filename: 'a.png', hash: { algorithm: 'sha256' }, widthPixels: 1, status: 'ready' });
  expect(plain.details).toMatchObject({
    kind: 'Image',
    metadata: { pixelRatio: { height: 1 }, cohorts: [], frames: 1 },
  });
  const { contents } = await catalogue.get(id, { contents: true });
  expect(Date.parse(contents?.asset?.expiresAt ?? '')).toBeGreaterThan(Date.now());
  if (!contents?.asset || !contents.thumbnail) throw new Error('no URLs');
  expect(await buffer(await catalogue.open(contents.asset))).toEqual(png('x'));
  expect(vi.api.heard.at(-1)?.headers).toMatchObject({ 'x-of-url': 'yes' });
  expect(vi.api.heard.at(-1)?.headers.authorization).toBeUndefined();
});

test('a URL that has expired is told from other troubles', async () => {
  const { id } = vi.api.addAsset('a.png', png('x'));
  const { contents } = await catalogue.get(id, { contents: true });
  vi.api.assets.clear();
  expect(await typeOf(catalogue.open(contents?.asset ?? { url: '', expiresAt: '' }))).toBe('UploadExpired');
});

test('counts, and removes one by one', async () => {
  const { id } = vi.api.addAsset('a.png', png('x'));
  vi.api.addAsset('b.png', png('x'));
  expect(await catalogue.count({ filter: 'f' })).toBe(2);
  expect((await catalogue.remove([id, 'a9999'])).map((one) => (one.ok ? 'ok' : failureType(one.error)))).toEqual([
    'ok',
    'ResourceGone',
  ]);
  expect(await catalogue.count()).toBe(1);
});

test('many are removed by a filter, which there must be, and it is waited for', async () => {
  vi.api.addAsset('a.png', png('x'));
  expect(await typeOf(catalogue.removeMatching({}))).toBe('InvalidRequest');
  expect(vi.api.heard).toEqual([]);
  await catalogue.removeMatching({ metadataQuery: 'a == 1' });
  const spec = { filter: null, metadataQuery: 'a == 1', ruleQuery: null, strictQuery: null };
  expect(JSON.parse(vi.api.heard[0]?.body ?? '')).toEqual({ spec });
  vi.api.deletionEnds = 'FailedReach';
  expect(await typeOf(catalogue.removeMatching({ filter: 'f' }))).toBe('ProcessingFailed');
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
