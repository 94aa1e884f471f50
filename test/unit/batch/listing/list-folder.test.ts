import { rmSync } from 'node:fs';
import promises, { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { defaultKey } from '../../../../src/client/default-key';
import { createBatchFiles } from '../../../../src/storage/batches/batch-files';
import { createFileListing } from '../../../../src/storage/files/list-files';
import { ListingPlace } from '../../../support/batches/listing';

jest.setTimeout(60_000); // thousands of files are written and listed
let place: ListingPlace;
beforeEach(async () => {
  place = await ListingPlace.make();
});
afterEach(() => place.close());

const folder = (more: object = {}) => ({ type: 'folder', path: place.media, ...more });

test('every file below a folder is an item, in one order, with the key that its own start has', async () => {
  await place.put({ 'b.mp4': '12', 'a/2.jpg': '123', 'a/10.jpg': '1', 'a.mp4': '1', 'a/b/c.wav': '1' });
  const { index, items } = await place.list({ items: folder() });
  expect(items.map(({ at }) => at)).toEqual(['a/10.jpg', 'a/2.jpg', 'a/b/c.wav', 'a.mp4', 'b.mp4']);
  expect(items.map(({ item }) => item)).toEqual([0, 1, 2, 3, 4]);
  const source = { type: 'file' as const, path: path.join(place.media, 'a/2.jpg') };
  expect(items[1]).toEqual({
    item: 1,
    at: 'a/2.jpg',
    key: defaultKey(source),
    filename: '2.jpg',
    source,
    sizeBytes: 3,
  });
  expect(index).toMatchObject({ items: 5, refused: 0, skipped: 0, bytes: 8, withoutSize: 0, storeId: 'store-1' });
});

test('globs include and exclude; what they leave out is counted; hidden files need a glob that says so', async () => {
  await place.put({
    'a.mp4': '1',
    'a.txt': '1',
    'raw/b.mp4': '1',
    'raw/deep/c.mp4': '1',
    '.hidden/d.mp4': '1',
    '.e.mp4': '1',
  });
  const listed = await place.list({ items: folder({ include: ['**/*.mp4'], exclude: ['raw/deep/**'] }) });
  expect(listed.items.map(({ at }) => at)).toEqual(['a.mp4', 'raw/b.mp4']);
  expect(listed.index).toMatchObject({ items: 2, skipped: 4 }); // two files, and two folders as a whole
  const hidden = await place.list({ batchId: 'c', items: folder({ include: ['.hidden/**', '{.e,f}.mp4'] }) });
  expect(hidden.items.map(({ at }) => at)).toEqual(['.e.mp4', '.hidden/d.mp4']);
});

test('a glob that leaves out everything but a folder leaves out nothing in it', async () => {
  await place.put({ 'keep/sub/x.mp4': '1', 'keep/y.mp4': '1', 'other/z.mp4': '1' });
  const listed = await place.list({ items: folder({ exclude: ['!keep/**'] }) });
  expect(listed.items.map(({ at }) => at)).toEqual(['keep/sub/x.mp4', 'keep/y.mp4']);
});

test('a file whose path has line breaks is an item like any other', async () => {
  await place.put({ 'a\nb/c\r\u2028.mp4': '1', 'd\n.mp4': '1' });
  const whole = await place.list({ items: folder() });
  const some = await place.list({ batchId: 'c', items: folder({ include: ['**/*.mp4'], exclude: ['d*'] }) });
  expect([whole.items.length, whole.index.skipped]).toEqual([2, 0]);
  expect(some.items.map(({ at }) => at)).toEqual(['a\nb/c\r\u2028.mp4']);
});

test('what a page tells are two numbers, whatever has been listed: it goes into a heartbeat', async () => {
  await place.put({ 'a.mp4': '1', 'b.mp4': '1', 'no.key': '1' });
  const told: object[] = [];
  await place.list({ items: folder() }, { onPage: (soFar) => told.push(soFar) });
  expect(told).toStrictEqual([{ items: 3, refused: 0 }]);
});

test.each([
  ['an empty folder', {}, {}, 'items.path: MEDIA: holds no file that is not hidden'],
  [
    'globs that match nothing',
    { 'a.txt': '1' },
    { include: ['*.mp4'] },
    'items.include: no file of MEDIA is asked for (1 left out)',
  ],
  [
    'a glob that leaves out everything',
    { 'raw/a.mp4': '1' },
    { exclude: ['raw/**'] },
    'items.exclude: no file of MEDIA is asked for (1 left out)',
  ],
  ['a folder of hidden files', { '.a': '1' }, {}, 'items.path: MEDIA: holds no file that is not hidden'],
  ['a folder that is none', { x: '1' }, { path: 'MEDIA/x' }, 'items.path: MEDIA/x: is no folder; name one'],
  ['a folder that is not there', {}, { path: 'MEDIA/no' }, 'items.path: MEDIA/no: no such folder'],
  ['a folder outside the roots', {}, { path: '/usr' }, 'items.path: /usr: lies outside the source roots'],
])('%s is refused in words', async (_name, files, more, words) => {
  await place.put(files);
  const given = JSON.parse(JSON.stringify(more).replaceAll('MEDIA', place.media)) as object;
  const listing = place.list({ items: folder(given) });
  await expect(listing).rejects.toMatchObject({
    type: 'InvalidRequest',
    message: expect.stringContaining(words.replaceAll('MEDIA', place.media)),
  });
});

test('what cannot be an item is in the report with its path and reason, and the others are items', async () => {
  await place.put({ 'a.jpg': '1', 'empty.jpg': '', 'x.jpg': '1' });
  await symlink('/etc/hostname', path.join(place.media, 'out.jpg'));
  await symlink('missing.jpg', path.join(place.media, 'gone.jpg'));
  await symlink('x.jpg', path.join(place.media, 'link.jpg'));
  await mkdir(path.join(place.media, 'sub'));
  await symlink('sub', path.join(place.media, 'sub-link'));
  const { items, refused } = await place.list({ items: folder() });
  expect(items.map(({ at }) => at)).toEqual(['a.jpg', 'link.jpg', 'x.jpg']);
  expect(Object.fromEntries(refused.map(({ at, reason }) => [at, reason]))).toEqual({
    'empty.jpg': expect.stringContaining('is empty; name a file with bytes in it'),
    'gone.jpg': expect.stringContaining('no such file'),
    'out.jpg': expect.stringContaining('leads out of the source roots'),
    'sub-link': expect.stringContaining('is a folder; name a file'),
  });
});

test('a file that vanishes after its folder was read is in the report', async () => {
  await place.put({ 'a/1.jpg': '1', 'a/2.jpg': '1' });
  const real = createFileListing({ roots: [place.media] });
  const files: typeof real = {
    ...real,
    walk: (at, options) =>
      real.walk(at, {
        ...options,
        wants: (name) => {
          if (name === 'a/2.jpg') rmSync(path.join(place.media, name));
          return options.wants(name);
        },
      }),
  };
  const { items, refused } = await place.list({ items: folder() }, { access: { ...place.access, files } });
  expect(items.map(({ at }) => at)).toEqual(['a/1.jpg']);
  expect(refused.map(({ at, reason }) => [at, reason])).toEqual([['a/2.jpg', expect.stringContaining('vanished')]]);
});

describe('at a provider that keeps one asset of a name', () => {
  const each = { provider: 'datature-vi', datasetId: 'd1' };

  test('a second file of a name is refused with what to do, and a template of the path makes names', async () => {
    await place.put({ 'a/1.jpg': '1', 'b/1.jpg': '1', 'b/c/1.jpg': '1' });
    const plain = await place.list({ items: folder(), each });
    const source = { type: 'file' as const, path: path.join(place.media, 'a/1.jpg') };
    expect(plain.items.map(({ at, key }) => [at, key])).toEqual([['a/1.jpg', defaultKey(source, 'd1')]]);
    expect(plain.refused.map(({ name, reason }) => [name, reason])).toEqual([
      [
        path.join(place.media, 'b/1.jpg'),
        expect.stringMatching(/item 0 of the batch has the name "1.jpg" too.*template with \{path\}/),
      ],
      [path.join(place.media, 'b/c/1.jpg'), expect.stringContaining('has the name "1.jpg" too')],
    ]);
    const templated = await place.list({
      batchId: 'c',
      items: folder(),
      each: { ...each, filename: '{folder}_{name}{ext}' },
    });
    expect(templated.items.map(({ filename }) => filename)).toEqual(['a_1.jpg', 'b_1.jpg', 'b-c_1.jpg']);
    expect(templated.refused).toEqual([]);
  });

  test('a kind of file that it does not take is refused by name', async () => {
    await place.put({ 'a.jpg': '1', 'b.txt': '1' });
    const { refused } = await place.list({ items: folder(), each });
    expect(refused).toEqual([
      {
        at: 'b.txt',
        name: path.join(place.media, 'b.txt'),
        refused: 'InvalidRequest',
        reason: expect.stringContaining('the provider takes images'),
      },
    ]);
  });
});

describe('a listing that is done again', () => {
  const many = Object.fromEntries(Array.from({ length: 2500 }, (_, n) => [`${n % 7}/${n}.jpg`, '1']));

  test('gives the same pages, and reads no folder any more once it is complete', async () => {
    await place.put(many);
    const first = await place.list({ items: folder() });
    expect(first.pages).toHaveLength(3);
    await place.put({ '0/another.jpg': '1' });
    expect(await place.list({ items: folder() })).toEqual(first);
  });

  test('goes on behind its last page after a crash, and lists no item twice and none not at all', async () => {
    await place.put(many);
    const whole = await place.list({ batchId: 'whole', items: folder({ include: ['**/*[0-8].jpg'] }) });
    const crash = new Error('killed');
    const broken = place.list(
      { items: folder({ include: ['**/*[0-8].jpg'] }) },
      {
        onPage: () => {
          throw crash;
        },
      },
    );
    await expect(broken).rejects.toBe(crash);
    const files = createBatchFiles(place.store, { owner: 'ns', batchId: 'b' });
    expect([await files.page(0), await files.page(1)]).toEqual([whole.pages[0], undefined]);
    expect(await place.list({ items: folder({ include: ['**/*[0-8].jpg'] }) })).toEqual(whole);
  });

  test('and at the same time: both give the same', async () => {
    await place.put(many);
    const [one, two] = await Promise.all([place.list({ items: folder() }), place.list({ items: folder() })]);
    expect(two).toEqual(one);
    expect(new Set(one.items.map(({ key }) => key)).size).toBe(2500);
  });

  test('of another input under the same id is refused', async () => {
    await place.put({ 'a.jpg': '1' });
    await place.list({ items: folder() });
    const other = place.list({ items: folder(), each: { metadata: { a: 1 } } });
    await expect(other).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: 'batchId: "b" began with another each; a batch stays what it is: start this one under another id',
    });
  });
});

test('a folder that cannot be read is told of, and the others are listed', async () => {
  await place.put({ 'a/1.jpg': '1', 'b/1.jpg': '1' });
  const real = createFileListing({ roots: [place.media] });
  const files: typeof real = {
    ...real,
    walk: (at, options) =>
      real.walk(at, {
        ...options,
        enters: (name) => {
          if (name === 'a') rmSync(path.join(place.media, 'a'), { recursive: true });
          return true;
        },
      }),
  };
  const { refused, items } = await place.list({ items: folder() }, { access: { ...place.access, files } });
  expect(items.map(({ at }) => at)).toEqual(['b/1.jpg']);
  expect(refused.map(({ at, reason }) => [at, reason])).toEqual([
    ['a', expect.stringContaining('media/a: the folder cannot be listed (ENOENT)')],
  ]);
});

test.each([
  ['a folder', 'readdir', 'b', 'EMFILE'],
  ['the folder itself', 'readdir', '', 'ESTALE'],
  ['a symlink', 'realpath', 'link.jpg', 'ETIMEDOUT'],
] as const)('%s that a passing trouble keeps from being read is looked at again', async (_name, call, at, code) => {
  await place.put({ 'a/1.jpg': '1', 'b/1.jpg': '1' });
  await symlink('a/1.jpg', path.join(place.media, 'link.jpg'));
  const troubled = path.join(place.media, at);
  const real = promises[call] as (...args: unknown[]) => Promise<unknown>;
  const broken = Object.assign(new Error(code), { code, syscall: call });
  const spy = jest.spyOn(promises, call as 'realpath');
  spy.mockImplementation(((file: string, ...more: unknown[]) =>
    file === troubled ? Promise.reject(broken) : real(file, ...more)) as never);
  try {
    await expect(place.list({ items: folder() })).rejects.toMatchObject({ code });
  } finally {
    spy.mockRestore();
  }
  const { items, refused } = await place.list({ items: folder() });
  expect(items.map((item) => item.at)).toEqual(['a/1.jpg', 'b/1.jpg', 'link.jpg']);
  expect(refused).toEqual([]);
});
