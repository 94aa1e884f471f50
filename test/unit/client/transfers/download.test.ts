import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { downloadAssets, type DownloadOptions } from '../../../../src/client/transfers/download-assets';
import { failure } from '../../../../src/contracts/failures';
import type { ProviderAsset } from '../../../../src/providers/assets';
import { MemoryProvider } from '../../../support/memory-provider';

interface Held {
  filename: string;
  bytes: Buffer;
  hash?: ProviderAsset['hash'] | null;
}

/** A provider whose URLs are `<id>#<generation>`; one is good as long as its generation is the newest of the asset. */
class ContentProvider extends MemoryProvider {
  readonly stored = new Map<string, Held>();
  readonly opened: { id: string; start: number }[] = [];
  /** What becomes of the next reads: after so many bytes the connection breaks. */
  readonly breaks: number[] = [];
  readonly generations = new Map<string, number>();
  urlLifeMs = 60_000;
  /** Called once a page has been read. */
  afterList: () => unknown = () => {};

  constructor() {
    super({ assetQueries: ['filter', 'metadataQuery', 'contents'], assetsPerPage: 3 });
    this.assets.count = async () => this.stored.size;
    this.assets.get = async (id) => this.contentAsset(id);
    this.assets.list = async ({ from = '0', pageSize = 3 }) => {
      const ids = [...this.stored.keys()].slice(Number(from), Number(from) + pageSize);
      const end = Number(from) + pageSize;
      const items = ids.map((id) => this.contentAsset(id));
      this.afterList();
      return { items, next: end < this.stored.size ? String(end) : undefined };
    };
    this.assets.open = async ({ url }, { start = 0 } = {}) => {
      const [id = '', generation] = url.split('#');
      if (Number(generation) < (this.generations.get(id) ?? 1)) throw failure('UploadExpired', 'its URL has expired');
      this.opened.push({ id, start });
      const bytes = (this.stored.get(id)?.bytes ?? Buffer.alloc(0)).subarray(start);
      const until = this.breaks.shift();
      const chunks = async function* (): AsyncGenerator<Buffer> {
        if (until === undefined) return yield bytes;
        yield bytes.subarray(0, until);
        throw new Error('socket hang up');
      };
      return { start, bytes: Readable.from(chunks(), { objectMode: false }) };
    };
  }

  contentAsset(id: string): ProviderAsset {
    const held = this.stored.get(id);
    if (!held) throw failure('ResourceGone', `asset ${id}: 404`);
    const {
      filename,
      bytes,
      hash = { algorithm: 'SHA-256', contents: createHash('sha256').update(bytes).digest('hex') },
    } = held;
    const url = `${id}#${this.generations.get(id) ?? 1}`;
    const expiresAt = new Date(Date.now() + this.urlLifeMs).toISOString();
    return {
      ...{
        id,
        status: 'ready',
        filename,
        sizeBytes: bytes.byteLength,
        metadata: {},
        contents: { asset: { url, expiresAt } },
      },
      ...(hash && { hash }),
    };
  }
}

let folder: string;
let provider: ContentProvider;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'download-'));
  provider = new ContentProvider();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const { signal } = new AbortController();
const download = (options: DownloadOptions = {}) => downloadAssets(provider, folder, { signal, ...options });
const hold = (id: string, filename: string, text = filename, hash?: Held['hash']) =>
  provider.stored.set(id, { filename, bytes: Buffer.from(text), hash });
const textOf = (name: string) => readFile(path.join(folder, name), 'utf8');
const partial = async (id: string, text: string) => {
  await mkdir(path.join(folder, '.partial'), { recursive: true });
  await writeFile(path.join(folder, '.partial', id), text);
};

test('every asset of all pages becomes a file, and nothing else is left', async () => {
  const names = Array.from({ length: 20 }, (_, at) => `${at}.png`).toSorted();
  for (const name of names) hold(name, name);
  const seen: number[] = [];
  const result = await download({ onProgress: ({ downloaded, total }) => seen.push(downloaded, total ?? 0) });
  expect(result).toMatchObject({ total: 20, downloaded: 20, present: 0, failed: 0, unchecked: 0, folder, renamed: [] });
  expect((await readdir(folder)).toSorted()).toEqual(names);
  for (const name of names) expect(await textOf(name)).toBe(name);
  expect(seen.slice(-2)).toEqual([20, 20]);
  expect(result.summary()).toBe(`20 of 20 assets downloaded to ${folder}`);
});

test('what is there with its content is not fetched again, and other content stays unless it is to be replaced', async () => {
  hold('1', 'a.png');
  hold('2', 'b.png');
  await download();
  await writeFile(path.join(folder, 'b.png'), 'mine!');
  provider.opened.length = 0;
  const again = await download();
  expect(again).toMatchObject({
    downloaded: 0,
    present: 1,
    failed: 1,
    failures: [{ assetId: '2', type: 'AssetExists' }],
  });
  expect(provider.opened).toEqual([]);
  expect(await textOf('b.png')).toBe('mine!');
  expect(await download({ overwrite: true })).toMatchObject({ downloaded: 2, present: 0, failed: 0 });
  expect(await textOf('b.png')).toBe('b.png');
});

test('a download goes on with the bytes that an earlier one left', async () => {
  hold('1', 'a.png', '0123456789');
  await partial('1', '01234');
  const result = await download();
  expect([provider.opened, result.bytes]).toEqual([[{ id: '1', start: 5 }], 5]);
  expect(await textOf('a.png')).toBe('0123456789');
});

test.each([['other'], ['0123456789'], ['far too many bytes of it']])(
  'a rest that is not of this content is dropped: %s',
  async (text) => {
    hold('1', 'a.png', '9876543210');
    await partial('1', text);
    expect(await download()).toMatchObject({ downloaded: 1, failed: 0 });
    expect(await textOf('a.png')).toBe('9876543210');
  },
);

test('a connection that breaks is taken up where it broke, as often as it gets further', async () => {
  hold('1', 'a.png', '0123456789');
  provider.breaks.push(4, 3);
  expect(await download()).toMatchObject({ downloaded: 1, bytes: 10 });
  expect(provider.opened.map(({ start }) => start)).toEqual([0, 4, 7]);
  expect(await textOf('a.png')).toBe('0123456789');
});

test('a URL that has expired on the way is fetched anew; one that is known to have is not tried', async () => {
  for (const id of ['1', '2']) hold(id, `${id}.png`);
  provider.afterList = () => provider.generations.set('1', 2); // every URL before is refused from now on
  const get = jest.spyOn(provider.assets, 'get');
  expect(await download({ concurrency: 1 })).toMatchObject({ downloaded: 2, failed: 0 });
  expect(get.mock.calls.map(([id]) => id)).toEqual(['1']);
  await rm(path.join(folder, '2.png'));
  provider.urlLifeMs = -1;
  provider.opened.length = 0;
  expect(await download({ concurrency: 1 })).toMatchObject({ downloaded: 1, present: 1 });
  expect(get.mock.calls.map(([id]) => id)).toEqual(['1', '2']);
  expect(provider.opened).toHaveLength(1);
});

test('URLs that are refused for ever fail in the end, and the others come', async () => {
  hold('1', 'a.png');
  hold('2', 'b.png');
  provider.assets.open = async ({ url }) => {
    if (url.startsWith('1')) throw failure('UploadExpired', 'GET content: 403 from the store: its URL has expired');
    return { start: 0, bytes: Readable.from([Buffer.from('b.png')]) };
  };
  const get = jest.spyOn(provider.assets, 'get');
  const result = await download();
  expect(result).toMatchObject({ downloaded: 1, failed: 1, failures: [{ assetId: '1', type: 'UploadExpired' }] });
  expect(get.mock.calls.length).toBeLessThan(10);
});

test('content that is not what the provider says is no file', async () => {
  hold('1', 'a.png', 'tampered', { algorithm: 'sha256', contents: createHash('sha256').update('true').digest('hex') });
  const result = await download();
  expect(result).toMatchObject({ failed: 1, failures: [{ type: 'SourceUnreadable' }] });
  expect(await readdir(folder)).toEqual([]);
});

test.each([
  ['md5', (bytes: Buffer) => createHash('md5').update(bytes).digest('base64')],
  ['sha1', (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex').toUpperCase()],
  ['CRC32C', () => '4waSgw=='],
])('a hash of %s is checked, in hexadecimal or base64', async (algorithm, hashOf) => {
  hold('1', 'a.png', '123456789', { algorithm, contents: hashOf(Buffer.from('123456789')) });
  expect(await download()).toMatchObject({ downloaded: 1, unchecked: 0 });
  hold('1', 'a.png', '12345678x', { algorithm, contents: hashOf(Buffer.from('123456789')) });
  expect(await download({ overwrite: true })).toMatchObject({ failed: 1 });
  expect(await textOf('a.png')).toBe('123456789');
});

test('under an unknown algorithm the size alone is compared, and the result says so', async () => {
  hold('1', 'a.png', 'abc', { algorithm: 'blake9', contents: 'ff' });
  expect(await download()).toMatchObject({ downloaded: 1, unchecked: 1 });
  expect(await download()).toMatchObject({ present: 1, unchecked: 1 });
});

test('names that collide are told apart, the same way every time, and names that leave the folder are refused', async () => {
  for (const [id, name] of Object.entries({ 1: 'a.png', 2: 'A.PNG', 3: '../b.png', 4: '.partial', 5: 'c/d.png' }))
    hold(id, name);
  const result = await download();
  expect(result.renamed).toEqual([
    { assetId: '2', filename: 'A.PNG', file: 'A (2).PNG' },
    { assetId: '4', filename: '.partial', file: '.partial (4)' },
  ]);
  expect(result.failures.map(({ filename, type }) => [filename, type])).toEqual([
    ['../b.png', 'InvalidRequest'],
    ['c/d.png', 'InvalidRequest'],
  ]);
  expect((await readdir(folder)).toSorted()).toEqual(['.partial (4)', 'A (2).PNG', 'a.png']);
  expect(await download()).toMatchObject({ downloaded: 0, present: 3, failed: 2 });
});

test('a file that comes while its asset is fetched is not replaced', async () => {
  hold('1', 'a.png');
  hold('2', 'b.png');
  provider.afterList = () => {
    writeFileSync(path.join(folder, 'a.png'), 'other');
    writeFileSync(path.join(folder, 'b.png'), 'b.png');
  };
  const result = await download();
  expect(result).toMatchObject({ downloaded: 1, failures: [{ assetId: '1', type: 'AssetExists' }] });
  expect([await textOf('a.png'), (await readdir(folder)).toSorted()]).toEqual(['other', ['a.png', 'b.png']]);
});

test('a symlink under the name of an asset is not followed', async () => {
  const outside = `${folder}-outside`;
  await writeFile(outside, 'outside');
  await symlink(outside, path.join(folder, 'a.png'));
  hold('1', 'a.png');
  expect(await download()).toMatchObject({ failed: 1, failures: [{ type: 'AssetExists' }] });
  expect(await download({ overwrite: true })).toMatchObject({ downloaded: 1 });
  expect([await readFile(outside, 'utf8'), await textOf('a.png')]).toEqual(['outside', 'a.png']);
  await rm(outside);
});

test('an asset that is deleted on the way fails alone', async () => {
  hold('1', 'a.png');
  hold('2', 'b.png');
  provider.generations.set('1', 2);
  provider.afterList = () => {
    provider.generations.set('1', 3);
    provider.stored.delete('1');
  };
  expect(await download()).toMatchObject({ downloaded: 1, failures: [{ assetId: '1', type: 'ResourceGone' }] });
});

test('an abort ends it, and leaves no half of a file under a name', async () => {
  hold('1', 'a.png', '0123456789');
  const stop = new AbortController();
  provider.breaks.push(4);
  const promise = downloadAssets(provider, folder, {
    signal: stop.signal,
    onProgress: () => stop.abort(new Error('enough')),
  });
  await expect(promise).rejects.toThrow('enough');
  expect(await readdir(folder)).toEqual(['.partial']);
});

test('a second download into the folder is refused while the first one is at work, which it does not disturb', async () => {
  hold('1', 'a.png');
  const second = new Promise<unknown>((resolve) => {
    provider.afterList = () => {
      provider.afterList = () => {};
      resolve(download().catch((error: unknown) => error));
    };
  });
  const first = await download();
  expect(await second).toMatchObject({ message: expect.stringContaining('another download is at work') as string });
  expect(first).toMatchObject({ downloaded: 1, failed: 0 });
  expect(await readdir(folder)).toEqual(['a.png']);
});

test.each([[0], [65], [1.5]])('a concurrency of %d is refused', async (concurrency) => {
  await expect(download({ concurrency })).rejects.toThrow('concurrency: must be a whole number from 1 to 64');
});

test('a provider that makes no URLs on request is told', async () => {
  await expect(downloadAssets(new MemoryProvider(), folder, { signal })).rejects.toThrow(
    'download: this provider makes no URLs of contents on request',
  );
});
