import { appendFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { csvEntries } from '../../../../src/batch/manifest/csv-entries';
import { MAX_LINE_BYTES, ndjsonEntries } from '../../../../src/batch/manifest/ndjson-entries';
import { inputOfItem } from '../../../../src/batch/read-batch';
import { createBatchFiles } from '../../../../src/storage/batches/batch-files';
import { createFileSources } from '../../../../src/storage/files/file-sources';
import { ListingPlace, NO_OBJECTS } from '../../../support/batches/listing';

jest.setTimeout(60_000); // tens of thousands of lines, on a slow machine too
let place: ListingPlace;
beforeEach(async () => {
  place = await ListingPlace.make();
  await place.put({ 'in/a.jpg': '1', 'in/b.jpg': '12', 'in/c\nc.jpg': '123' });
});
afterEach(() => place.close());

const manifest = async (name: string, content: string | Buffer) => {
  await place.put({ [`in/${name}`]: content });
  return { type: 'manifest', uri: path.join(place.media, 'in', name) };
};
const inFolder = (name: string): string => path.join(place.media, 'in', name);
const reasons = (refused: readonly { line?: number; reason: string }[]) => refused.map((one) => [one.line, one.reason]);

test('a line of NDJSON names a file beside the manifest, an absolute one, a URL or an object, with any field of an input', async () => {
  const lines = [
    { path: 'a.jpg', key: 'k1', filename: 'one.jpg', metadata: { n: 1 }, 'metadata.of.dots': true },
    { path: inFolder('b.jpg'), cleanup: { onFailure: 'delete' } },
    { url: 'https://media.example/x%20y.mp4?id=1' },
    { s3: 's3://media/films/a.mp4?versionId=v1' },
    { source: { type: 'asset', assetId: 'a1' } },
  ];
  const items = await manifest('list.ndjson', lines.map((line) => `${JSON.stringify(line)}\n`).join('\n'));
  const listed = await place.list({ items, each: { metadata: { project: 'x' }, cleanup: { onCancel: 'keep' } } });
  expect(listed.refused).toEqual([]);
  expect(listed.items).toMatchObject([
    { at: 1, key: 'k1', filename: 'one.jpg', source: { type: 'file', path: inFolder('a.jpg') }, sizeBytes: 1 },
    { at: 3, key: inFolder('b.jpg'), own: { cleanup: { onFailure: 'delete' } }, sizeBytes: 2 },
    { at: 5, filename: 'x y.mp4' },
    { at: 7, key: 's3://media/films/a.mp4?versionId=v1', filename: 'a.mp4' },
    { at: 9, source: { type: 'asset', assetId: 'a1' } },
  ]);
  expect(listed.items[0]?.own).toEqual({ metadata: { n: 1, 'of.dots': true } });
  expect(listed.index).toMatchObject({ items: 5, bytes: 3, withoutSize: 3 });
});

test('a CSV with a byte order mark, CRLF, quoted line breaks and empty lines gives its items, by their lines', async () => {
  const csv =
    '\ufeffpath,key,metadata.title,metadata.season,preflight,upload.concurrency\r\n' +
    'a.jpg,001,"A ""quoted"", one",2,false,8\r\n\r\n"c\nc.jpg",k2,,,,\r\nb.jpg,3,true,1.50,,\n';
  const { items, refused } = await place.list({ items: await manifest('list.csv', csv) });
  expect(refused).toEqual([]);
  expect(items).toMatchObject([
    {
      at: 2,
      key: '001',
      own: { metadata: { title: 'A "quoted", one', season: 2 }, preflight: false, upload: { concurrency: 8 } },
    },
    { at: 4, key: 'k2', source: { path: inFolder('c\nc.jpg') }, sizeBytes: 3 },
    { at: 6, key: '3', own: { metadata: { title: true, season: '1.50' } } },
  ]);
});

test('line breaks of Windows between quotes do not shift the lines behind them', async () => {
  const csv =
    '\ufeffpath,metadata.note\r\na.jpg,"two\r\nlines"\r\ngone.jpg,x\r\n"b.jpg","a\r\n\r\nb"\r\ngone-too.jpg,\r\n';
  const { items, refused } = await place.list({ items: await manifest('windows.csv', csv) });
  expect(items.map(({ at }) => at)).toEqual([2, 5]);
  expect(items[0]?.own).toEqual({ metadata: { note: 'two\r\nlines' } });
  expect(refused.map(({ line }) => line)).toEqual([4, 8]);
  const open = manifest('open.csv', 'path,key\r\n"a.jpg","1\r\n2"\r\n"b.jpg');
  await expect(place.list({ items: await open, batchId: 'c' })).rejects.toThrow('the row behind line 3 cannot be read');
});

test('a list in a CSV is written as a flag takes it, or as JSON', async () => {
  await place.put({ 'in/v.mp4': '1' });
  const rows = ['v.mp4,embed,clip,"visual, audio"', 'b.jpg,embed,"[""asset""]",', 'a.jpg,embed,,[no'];
  const csv = ['path,branch.type,branch.scopes,branch.options', ...rows].join('\n');
  const { items, refused } = await place.list({ items: await manifest('list.csv', csv) });
  expect(items.map(({ own }) => own?.branch)).toEqual([
    { type: 'embed', scopes: ['clip'], options: ['visual', 'audio'] },
    { type: 'embed', scopes: ['asset'] },
  ]);
  expect(refused).toMatchObject([{ line: 4, reason: expect.stringContaining('branch.options') }]);
});

test('fields inside another are merged with it, in whichever order a line has them', async () => {
  const lines = [
    { path: 'a.jpg', 'metadata.a': 1, metadata: { b: 2 } },
    { path: 'b.jpg', metadata: { b: 2 }, 'metadata.a': 1 },
  ];
  const items = await manifest('list.ndjson', lines.map((line) => JSON.stringify(line)).join('\n'));
  const listed = await place.list({ items });
  expect(listed.items.map(({ own }) => own)).toEqual([{ metadata: { a: 1, b: 2 } }, { metadata: { a: 1, b: 2 } }]);
});

test('what a line says null of is as the batch says it', async () => {
  const nothing = { branch: null, metadata: null, cleanup: null, filename: null, provider: null };
  const lines = [
    { path: 'a.jpg', ...nothing },
    { path: 'b.jpg', metadata: { season: null, note: 'x' }, cleanup: { onCancel: null } },
  ];
  const items = await manifest('list.ndjson', lines.map((line) => JSON.stringify(line)).join('\n'));
  const each = {
    provider: 'datature-vi',
    datasetId: 'd1',
    metadata: { project: 'p', season: 2 },
    cleanup: { onFailure: 'delete', onCancel: 'keep' },
  };
  const listed = await place.list({ items, each });
  expect(listed.refused).toEqual([]);
  expect(listed.items.map((item) => inputOfItem(each, item))).toMatchObject([
    { metadata: { project: 'p', season: 2 }, cleanup: { onFailure: 'delete', onCancel: 'keep' } },
    { metadata: { project: 'p', season: 2, note: 'x' }, cleanup: { onFailure: 'delete', onCancel: 'keep' } },
  ]);
});

test('of two lines with one key the second is told of by its source and line', async () => {
  const lines = [
    { path: 'a.jpg' },
    { path: 'a.jpg' },
    ...[1, 2].map(() => ({ source: { type: 'asset', assetId: 'a1' } })),
  ];
  const items = await manifest('list.ndjson', lines.map((line) => JSON.stringify(line)).join('\n'));
  const { refused } = await place.list({ items });
  expect(refused.map(({ name, line }) => [name, line])).toEqual([
    [inFolder('a.jpg'), 2],
    ['a1', 4],
  ]);
});

test('NDJSON may begin with a byte order mark', async () => {
  const items = await manifest('list.ndjson', '\ufeff{"path":"a.jpg"}\r\n{"path":"b.jpg"}\r\n');
  const listed = await place.list({ items });
  expect([listed.items.length, listed.refused]).toEqual([2, []]);
});

test('a template names no asset that exists already', async () => {
  const items = await manifest('list.ndjson', '{"source":{"type":"asset","assetId":"a1"}}\n{"path":"a.jpg"}');
  const listed = await place.list({ items, each: { filename: '{name}-1{ext}' } });
  expect([listed.items.map(({ filename }) => filename), listed.refused]).toEqual([['', 'a-1.jpg'], []]);
});

test('a CSV in S3 is known by its name, also with its version', async () => {
  const file = createFileSources({ roots: [place.media], restMs: 0 });
  await place.put({ 'in/list.csv': 'url\nhttps://media.example/a.mp4\n' });
  const objects = { ...NO_OBJECTS, resolve: async () => file.resolve(inFolder('list.csv')) as never };
  const items = { type: 'manifest', uri: 's3://lists/list.CSV?versionId=v1' };
  const listed = await place.list({ items }, { access: { ...place.access, objects } });
  expect([listed.items.length, listed.refused]).toEqual([1, []]);
});

test('a manifest in S3 that changes while it is listed is noticed', async () => {
  let etag = 'one';
  const object = () => ({
    read: () => Readable.from([Buffer.from('{"url":"https://media.example/a.mp4"}')]),
    fingerprint: `etag ${etag}`,
  });
  const objects = { ...NO_OBJECTS, resolve: async () => object() as never };
  const items = { type: 'manifest', uri: 's3://lists/list.ndjson' };
  const listing = place.list({ items }, { access: { ...place.access, objects }, onPage: () => (etag = 'two') });
  await expect(listing).rejects.toMatchObject({
    type: 'SourceUnreadable',
    message: expect.stringMatching(/^items\.uri: the manifest changed since the listing began/),
  });
});

test('a file that only another worker serves is an item, which is looked at where it lies', async () => {
  const elsewhere = '/mnt/other-host/a.jpg';
  const lines = [elsewhere, '/mnt/nobody/a.jpg', inFolder('gone.jpg'), inFolder('a.jpg')];
  const items = { type: 'list', items: lines.map((file) => ({ path: file })) };
  const isElsewhere = async (_provider: string, file: string) => file === elsewhere;
  const listed = await place.list({ items }, { access: { ...place.access, isElsewhere } });
  expect(listed.items).toMatchObject([
    { at: 1, key: elsewhere, filename: 'a.jpg' },
    { at: 4, sizeBytes: 1 },
  ]);
  expect(listed.items[0]).not.toHaveProperty('sizeBytes');
  expect(listed.refused.map(({ at }) => at)).toEqual([2, 3]);
});

test('a listing that goes on behind a page takes no line of it for the first', async () => {
  const lines = [...Array.from({ length: 1000 }, (_, n) => `{"url":"https://media.example/${n}.mp4"}`), '["a.jpg"]'];
  const items = await manifest('list.ndjson', lines.join('\n'));
  const killed = (): void => {
    throw new Error('killed');
  };
  await expect(place.list({ items }, { onPage: killed })).rejects.toThrow('killed');
  const { items: found, refused } = await place.list({ items });
  expect([found.length, reasons(refused)]).toEqual([1000, [[1001, 'the line is no JSON object']]]);
});

test('a batch stays the same in whichever order its fields are written', async () => {
  const items = await manifest('list.ndjson', '{"path":"a.jpg"}');
  const { index } = await place.list({ items, each: { preflight: false, metadata: { a: 1, b: 2 } } });
  const each = { metadata: { b: 2, a: 1 }, preflight: false, provider: 'twelvelabs' };
  expect((await place.list({ items, each })).index).toEqual(index);
  await expect(place.list({ items, each: { ...each, preflight: true } })).rejects.toThrow('began with another each');
});

test.each<[number, string, (bytes: Readable) => AsyncIterable<unknown>]>([
  [1_000_000, 'NDJSON', ndjsonEntries],
  [100_000, 'CSV', (bytes) => csvEntries(bytes, { checkHeader: () => {} })],
])('%i lines of %s are read one after another, and never far ahead', async (lines, _format, entriesOf) => {
  const inChunk = 1000;
  let given = 0;
  const content = function* () {
    yield Buffer.from('{}\n'); // the header of the CSV
    for (; given < lines; given += inChunk) yield Buffer.from('{}\n'.repeat(inChunk));
  };
  let read = 0;
  let mostAhead = 0;
  for await (const _entry of entriesOf(Readable.from(content()))) {
    read += 1;
    mostAhead = Math.max(mostAhead, given - read);
  }
  expect(read).toBeGreaterThanOrEqual(lines);
  expect(mostAhead).toBeLessThan(lines / 10);
});

test('lines that cannot be items are in the report with line and reason, and the others are items', async () => {
  const lines = [
    '{"path":"a.jpg"}',
    '{"path":"a.jpg"',
    '["a.jpg"]',
    '{"path":"missing.jpg"}',
    '{"path":"b.jpg","key":"k","colour":"red"}',
    '{"key":"k"}',
    '{"path":"b.jpg","url":"https://media.example/a.mp4"}',
    '{"url":"https://media.example/a.mp4?X-Amz-Signature=secret"}',
    '{"path":"a.jpg"}',
    '{"path":"b.jpg","provider":"datature-vi","datasetId":"d"}',
    '{"path":"b.jpg","metadata":{"deep":{"er":1}}}',
    '{"path":"b.jpg"}',
  ];
  const { items, refused } = await place.list({ items: await manifest('list.ndjson', lines.join('\r\n')) });
  expect(items.map(({ at }) => at)).toEqual([1, 12]);
  expect(reasons(refused)).toEqual([
    [2, 'the line is no JSON object'],
    [3, 'the line is no JSON object'],
    [4, expect.stringContaining('missing.jpg: no such file')],
    [5, expect.stringContaining('unknown field "colour"')],
    [6, 'names no source; give one of path, url, s3'],
    [7, 'names two sources, path and url; give one'],
    [8, expect.stringContaining('is a presigned URL')],
    [9, 'key: item 0 of the batch has the same key'],
    [10, 'provider: the batch is at "twelvelabs", and all of its items are'],
    [11, expect.stringContaining('metadata.deep: must be a string, a number or true/false')],
  ]);
  expect(JSON.stringify(refused)).not.toContain('secret');
});

test('a line of 1 MB is read, one that is too long is refused, and both keep the lines behind them', async () => {
  const padded = `{"path":"a.jpg"${' '.repeat(1024 ** 2)}}`;
  const unknown = `{"path":"b.jpg","note":"${'n'.repeat(1024 ** 2)}"}`;
  const tooLong = `{"path":"a.jpg"${' '.repeat(MAX_LINE_BYTES)}}`;
  const items = await manifest('list.ndjson', [padded, unknown, tooLong, '{"path":"b.jpg"}'].join('\n'));
  const listed = await place.list({ items });
  expect(listed.items.map(({ at }) => at)).toEqual([1, 4]);
  expect(reasons(listed.refused)).toEqual([
    [2, expect.stringContaining('unknown field "note"')],
    [3, 'the line is longer than 2 MiB'],
  ]);
  const csv = await manifest('list.csv', `path,metadata.note\na.jpg,"${'n'.repeat(1024 ** 2)}"\nb.jpg,x\n`);
  const rows = await place.list({ batchId: 'c', items: csv });
  expect(rows.items.map(({ at }) => at)).toEqual([3]);
  expect(reasons(rows.refused)).toEqual([[2, expect.stringContaining('metadata.note')]]);
});

test('bytes that are not UTF-8 are told of by line', async () => {
  const bad = Buffer.from([0xff, 0x2e]);
  const ndjson = Buffer.concat([Buffer.from('{"path":"a.jpg"}\n{"path":"'), bad, Buffer.from('"}\n')]);
  const one = await place.list({ items: await manifest('list.ndjson', ndjson) });
  expect(reasons(one.refused)).toEqual([[2, 'the line is not valid UTF-8']]);
  const csv = Buffer.concat([Buffer.from('path\na.jpg\n'), bad, Buffer.from('\n')]);
  const two = await place.list({ batchId: 'c', items: await manifest('list.csv', csv) });
  expect(reasons(two.refused)).toEqual([[3, 'the row is not valid UTF-8']]);
});

test.each([
  [
    'UTF-16 NDJSON',
    'l.ndjson',
    Buffer.from('\ufeff{"path":"a.jpg"}', 'utf16le'),
    'items.uri: is UTF-16; save it as UTF-8',
  ],
  ['UTF-16 CSV', 'l.csv', Buffer.from('\ufeffpath\na.jpg', 'utf16le'), 'items.uri: is UTF-16; save it as UTF-8'],
  [
    'media in it',
    'clip.mp4',
    Buffer.from('\0\0\0 ftypisom\n\xff', 'latin1'),
    'items.uri: holds no text; name a manifest',
  ],
  ['media in it, as CSV', 'clip.csv', Buffer.from('\0\0\0 ftypisom\n', 'latin1'), 'items.uri: holds no text; name'],
  ['a JSON array', 'l.json', '[\n{"path":"a.jpg"}]', 'items.uri: holds a JSON array; write an object a line (NDJSON)'],
  ['no lines', 'l.ndjson', '\n\n', 'the manifest names no items'],
  ['a header and no rows', 'l.csv', 'path\n', 'the manifest names no items'],
  ['a header with a name twice', 'l.csv', 'path,key,key\na.jpg,1,2\n', 'items.uri: the header: names "key" twice'],
  ['a header with a strange name', 'l.csv', 'path,colour\na.jpg,red\n', '"colour" is no field of an item'],
  [
    'a header without a source',
    'l.csv',
    'key,filename\nk,a.jpg\n',
    'names no source; one field must be path, url or s3',
  ],
  ['a header without commas', 'l.csv', 'path;key\na.jpg;k\n', '"path;key" is no field of an item'],
  [
    'a quote that does not end',
    'l.csv',
    'path,key\na.jpg,1\n"b.jpg,2\nb.jpg,3\n',
    'the row behind line 2 cannot be read; it has a quote that is not closed',
  ],
])('a manifest with %s is refused as a whole, in words', async (_name, name, content, words) => {
  const listing = place.list({ items: await manifest(name, content) });
  await expect(listing).rejects.toMatchObject({ type: 'InvalidRequest', message: expect.stringContaining(words) });
});

test('a manifest that cannot be read is told of by its field', async () => {
  const listing = place.list({ items: { type: 'manifest', uri: path.join(place.media, 'no.csv') } });
  await expect(listing).rejects.toMatchObject({
    message: expect.stringMatching(/^items\.uri: .*no\.csv: no such file/),
  });
});

describe('a manifest that changes', () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, n) => `{"url":"https://media.example/${n}.mp4"${' '.repeat(60)}}\n`).join('');

  test.each([
    ['before its end was read', 40_000, /^items\.uri: .* changed since .*: its size/], // by the reader, unless it has read ahead to the end
    ['after its end was read', 1500, /^items\.uri: the manifest changed since the listing began: its size/],
  ])('while it is listed is noticed, %s', async (_name, count, words) => {
    const items = await manifest('list.ndjson', lines(count));
    const listing = place.list({ items }, { onPage: () => appendFileSync(items.uri, '{"path":"b.jpg"}\n') });
    await expect(listing).rejects.toMatchObject({ type: 'SourceUnreadable', message: expect.stringMatching(words) });
    expect(await createBatchFiles(place.store, { owner: 'ns', batchId: 'b' }).index()).toBeUndefined();
  });

  test('between a crash and the next listing is noticed, and nothing of both is mixed', async () => {
    const items = await manifest('list.ndjson', lines(1500));
    const crash = new Error('killed');
    const broken = place.list(
      { items },
      {
        onPage: () => {
          throw crash;
        },
      },
    );
    await expect(broken).rejects.toBe(crash);
    await writeFile(items.uri, lines(1400));
    await expect(place.list({ items })).rejects.toMatchObject({
      type: 'SourceUnreadable',
      message: expect.stringContaining('the manifest changed since the listing began: its size'),
    });
    const files = createBatchFiles(place.store, { owner: 'ns', batchId: 'b' });
    expect([await files.page(1), await files.index()]).toEqual([undefined, undefined]);
  });

  test('not at all gives the same after a crash as without one, also of CSV', async () => {
    const csv = `url,metadata.note\n${Array.from({ length: 1500 }, (_, n) => `https://media.example/${n}.mp4,"${n}\n"\n`).join('')}`;
    for (const items of [await manifest('list.ndjson', lines(1500)), await manifest('list.csv', csv)]) {
      const whole = await place.list({ batchId: `whole ${items.uri}`, items });
      const broken = place.list(
        { batchId: items.uri.slice(-80), items },
        {
          onPage: () => {
            throw new Error('killed');
          },
        },
      );
      await expect(broken).rejects.toThrow('killed');
      expect(await place.list({ batchId: items.uri.slice(-80), items })).toEqual(whole);
      expect(whole.items).toHaveLength(1500);
    }
  });
});

test('an inline list has the fields of a manifest, by its places', async () => {
  const items = {
    type: 'list',
    items: [{ path: inFolder('a.jpg') }, { path: inFolder('no.jpg') }, { url: 'https://m.example/a.mp4', key: 'k' }],
  };
  const listed = await place.list({ items });
  expect(listed.items.map(({ at, key }) => [at, key])).toEqual([
    [1, inFolder('a.jpg')],
    [3, 'k'],
  ]);
  expect(listed.refused).toMatchObject([{ at: 2, name: inFolder('no.jpg') }]);
});
