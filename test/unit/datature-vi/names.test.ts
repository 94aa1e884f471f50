import { image, pendingIn, png, startAccount, tagOf, wordOf, type Account } from './account';

let vi: Account;
beforeEach(async () => {
  vi = await startAccount({ pageSize: 2 });
});
afterEach(() => vi.close());

const told = (mode: string) => ({ fields: { datasetId: 'demo', onAssetOverwritten: mode } });
const sessions = () => [...vi.api.sessions.values()];

test('an asset of the same name and content is adopted, wherever it stands in the list', async () => {
  const { id } = vi.api.addAsset('a.png', png('same'));
  for (let at = 0; at < 7; at++) vi.api.addAsset(`other-${at}.png`, png('x'));
  const [outcome] = await vi.submit([image('a.png', png('same'))]);
  expect(outcome).toMatchObject({ ok: true, value: { asset: { id }, adopted: true } });
  expect(sessions()).toEqual([]);
});

test.each(['sha256', 'SHA-256', 'md5'])('content is compared by %s', async (algorithm) => {
  vi.api.hashAlgorithm = algorithm === 'SHA-256' ? 'sha256' : algorithm;
  vi.api.addAsset('a.png', png('same'));
  vi.api.addAsset('b.png', png('else'));
  const outcomes = await vi.submit([image('a.png', png('same')), image('b.png', png('ours'))]);
  expect(outcomes.map(wordOf)).toEqual(['adopted', 'AssetExists']);
});

test('other content is not overwritten untold, and the asset is named', async () => {
  const { id } = vi.api.addAsset('a.png', png('theirs'));
  const [outcome] = await vi.submit([image('a.png', png('our own'))]);
  expect(wordOf(outcome)).toBe('AssetExists');
  expect(outcome?.ok === false && (outcome.error as Error).message).toMatch(
    new RegExp(`asset ${id} .*demo.*onAssetOverwritten`),
  );
  expect([...vi.api.assets.values()].map(({ content }) => content)).toEqual([png('theirs')]);
});

test('content whose hash is of an unknown algorithm cannot be compared, and is not overwritten untold', async () => {
  vi.api.hashAlgorithm = 'blake3';
  vi.api.addAsset('a.png', png('same'));
  const [outcome] = await vi.submit([image('a.png', png('same'))]);
  expect(wordOf(outcome)).toBe('AssetExists');
  expect(outcome?.ok === false && (outcome.error as Error).message).toContain('blake3');
});

test.each(['RemoveLinkedResource', 'KeepLinkedResource'])(
  'with %s it is overwritten, and so it is asked for',
  async (mode) => {
    vi.api.addAsset('a.png', png('theirs'), { changedAt: Date.now() - 3_600_000 });
    const [outcome] = await vi.submit([image('a.png', png('ours'), told(mode))]);
    expect(await vi.watch(pendingIn(outcome))).toMatchObject([{ state: 'ready' }]);
    expect([...vi.api.assets.values()].map(({ content }) => content)).toEqual([png('ours')]);
    expect(sessions().map(({ spec }) => spec.onAssetOverwritten)).toEqual([mode]);
  },
);

test('what this run has made is its own, and not adopted', async () => {
  const [first] = await vi.submit([image('a.png')]);
  await vi.watch(pendingIn(first));
  expect((await vi.submit([image('a.png')])).map(wordOf)).toEqual(['ok']);
  const another = image('a.png', png('a.png'), { tag: tagOf('a.png', 'another run') });
  expect((await vi.submit([another])).map(wordOf)).toEqual(['adopted']);
});

test('of two files of one name in a submission the first goes, and other content is refused', async () => {
  const items = [image('a.png', png('1')), image('a.png', png('2')), image('a.png', png('1'), { tag: tagOf('b') })];
  const outcomes = await vi.submit(items);
  expect(outcomes.map(wordOf)).toEqual(['pending', 'AssetExists', 'ProviderUnavailable']);
  expect((await vi.submit([items[2] ?? image('x.png')])).map(wordOf)).toEqual(['adopted']); // as its next attempt
});

describe('a name that another lifecycle is sending in a session of its own', () => {
  beforeEach(async () => {
    await vi.submit([image('a.png', png('1'), { tag: tagOf('first') })]);
    const [session] = sessions();
    session?.done.clear(); // still on its way
    vi.api.assets.clear();
  });
  const second = (isOpen: boolean, more: object = {}) =>
    vi.submit([image('a.png', png('2'), { tag: tagOf('second'), isOpen: async () => isOpen, ...more })]);

  test('is looked at again, and nothing is sent', async () => {
    const [outcome] = await second(true);
    expect(wordOf(outcome)).toBe('ProviderUnavailable');
    expect(outcome?.ok === false && (outcome.error as Error).message).toMatch(/lifecycle "first" is sending a file/);
    expect(sessions()).toHaveLength(1);
  });

  test.each<[string, boolean, object]>([
    ['that has ended', false, {}],
    ['which may be overwritten, as the input says', true, told('KeepLinkedResource')],
    ['of an earlier run of the same key', true, { tag: tagOf('first', 'another run') }],
  ])('does not wait for one %s', async (_name, isOpen, more) => {
    expect((await second(isOpen, more)).map(wordOf)).toEqual(['pending']);
  });
});

test('submissions share a session only with their overwrite mode, and videos have their own', async () => {
  const { intake } = vi.provider;
  const video = { ...image('v.mp4'), filename: 'v.mp4' };
  const together = (item: Parameters<NonNullable<typeof intake.together>>[0]) => intake.together?.(item);
  expect(together(image('a.png'))).toBe(together(image('b.jpg')));
  expect(together(image('a.png'))).not.toBe(together(image('b.png', png('b'), told('KeepLinkedResource'))));
  expect(together(video)).not.toBe(together(video));
  const outcomes = await vi.submit([image('a.png'), image('b.png', png('b'), told('RemoveLinkedResource'))]);
  expect(outcomes.map(wordOf)).toEqual(['pending', 'pending']);
  expect(sessions().map(({ spec }) => spec.onAssetOverwritten)).toEqual(['KeepLinkedResource', 'RemoveLinkedResource']);
});
