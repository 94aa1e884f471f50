import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createS3Listing } from '../../../../src/storage/s3/s3-listing';
import { s3Access, type S3Access } from '../../../../src/storage/s3/s3-client';
import { ListingPlace, NO_OBJECTS } from '../../../support/batches/listing';

const before = { ...process.env };
jest.setTimeout(60_000); // a thousand objects, on a slow machine too
let place: ListingPlace;
let server: Server;
let access: S3Access;
let asked: URL[];
let objects: [key: string, sizeBytes: number][];
let answer: (url: URL, response: ServerResponse) => void;

const PAGE = 3;
const xml = (response: ServerResponse, status: number, body: string) =>
  void response.writeHead(status, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${body}`);

/** As S3 lists: in the order of the keys, a few a page. */
function list(url: URL, response: ServerResponse): void {
  const from = url.searchParams.get('continuation-token') ?? url.searchParams.get('start-after') ?? '';
  const found = objects.filter(([key]) => key.startsWith(url.searchParams.get('prefix') ?? '') && key > from).sort();
  const page = found.slice(0, PAGE);
  const contents = page.map(([key, size]) => `<Contents><Key>${key}</Key><Size>${size}</Size></Contents>`).join('');
  const more = found.length > PAGE;
  const token = more ? `<NextContinuationToken>${page.at(-1)?.[0]}</NextContinuationToken>` : '';
  xml(response, 200, `<ListBucketResult>${contents}<IsTruncated>${more}</IsTruncated>${token}</ListBucketResult>`);
}

const refuse = (status: number, code: string) => (_url: URL, response: ServerResponse) =>
  xml(response, status, `<Error><Code>${code}</Code><Message>secret words of the server</Message></Error>`);

beforeEach(async () => {
  place = await ListingPlace.make();
  asked = [];
  answer = list;
  objects = [
    ['in/', 0],
    ['in/a.mp4', 1],
    ['in/b/c.mp4', 2],
    ['in/b/e.mp4', 0],
    ['in/b/n.txt', 3],
    ['in/z.mp4', 4],
    ['out.mp4', 5],
  ];
  server = createServer((request: IncomingMessage, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    asked.push(url);
    answer(url, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env = {
    PATH: before.PATH,
    ...{
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'KEYID',
      AWS_SECRET_ACCESS_KEY: 's',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    ...{ AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' },
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
  access = s3Access({ forcePathStyle: true });
});
afterEach(async () => {
  process.env = { ...before };
  access.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await place.close();
});

const prefix = (more: object = {}) => ({ type: 's3', bucket: 'media', prefix: 'in/', ...more });
const listed = (items: object, each = {}) =>
  place.list({ items, each }, { access: { ...place.access, objects: { ...NO_OBJECTS, ...createS3Listing(access) } } });

test('the objects below a prefix are items; folder marks are none, empty objects and other kinds are told of', async () => {
  const { items, refused, index } = await listed(prefix({ exclude: ['**/*.txt'] }), { filename: '{path}' });
  expect(items).toMatchObject([
    {
      at: 'a.mp4',
      key: 's3://media/in/a.mp4',
      filename: 'a.mp4',
      source: { type: 's3', bucket: 'media', key: 'in/a.mp4' },
      sizeBytes: 1,
    },
    { at: 'b/c.mp4', filename: 'b-c.mp4' },
    { at: 'z.mp4', sizeBytes: 4 },
  ]);
  expect(refused).toMatchObject([{ at: 'b/e.mp4', reason: expect.stringContaining('the object is empty') }]);
  expect(index).toMatchObject({ skipped: 2, bytes: 7 });
  expect(asked).toHaveLength(2);
});

test.each([
  ['in/b/c', ['c.mp4'], ['in/b/c.mp4']],
  ['in/a.mp4', ['a.mp4'], ['in/a.mp4']],
  ['in', ['a.mp4', 'b-c.mp4', 'z.mp4'], ['in/a.mp4', 'in/b/c.mp4', 'in/z.mp4']],
  ['i', ['in-a.mp4', 'in-b-c.mp4', 'in-z.mp4'], ['in/a.mp4', 'in/b/c.mp4', 'in/z.mp4']],
])(
  'a prefix %s that does not end in "/" leaves out nothing, and names go on from where a name begins',
  async (begins, names, keys) => {
    objects = objects.filter(([, sizeBytes]) => sizeBytes > 0);
    const { items } = await listed(prefix({ prefix: begins, include: ['**/*.mp4'] }), { filename: '{path}' });
    expect(items.map(({ filename }) => filename)).toEqual(names);
    expect(items.map(({ source }) => (source.type === 's3' ? source.key : ''))).toEqual(keys);
  },
);

test('a prefix that holds but folder marks says so', async () => {
  objects = [['in/', 0]];
  await expect(listed(prefix())).rejects.toMatchObject({
    message: 'items.prefix: s3://media/in/: holds nothing but folder marks and hidden objects',
  });
});

test('an object that is no media is told of where the branch takes media only; a name of media is believed', async () => {
  objects = [
    ['in/a.mp4', 1],
    ['in/notes.txt', 9],
    ['in/video.bin', 9],
  ];
  const looked: string[] = [];
  const media = async ({ source, filename }: { source: { type: string }; filename: string }) => {
    looked.push(`${source.type} ${filename}`);
    const kind = filename === 'video.bin' ? ('video' as const) : ('none' as const);
    return { kind, container: 'MPEG-4', sizes: [], videoStreams: 1, audioStreams: 0 };
  };
  const withMedia = { ...place.access, objects: { ...NO_OBJECTS, ...createS3Listing(access) }, media };
  const each = { branch: { type: 'embed' } };
  const { items, refused } = await place.list({ items: prefix(), each }, { access: withMedia });
  expect(items.map(({ at }) => at)).toEqual(['a.mp4', 'video.bin']);
  expect(refused).toMatchObject([{ at: 'notes.txt', reason: expect.stringContaining('notes.txt is none') }]);
  expect(looked).toEqual(['s3 notes.txt', 's3 video.bin']);
});

test('a listing that broke off asks for what is behind its last page', async () => {
  objects = Array.from({ length: 1100 }, (_, n) => [`in/${String(n).padStart(4, '0')}.mp4`, 1]);
  const changes = { access: { ...place.access, objects: { ...NO_OBJECTS, ...createS3Listing(access) } } };
  const broken = place.list(
    { items: prefix() },
    {
      ...changes,
      onPage: () => {
        throw new Error('killed');
      },
    },
  );
  await expect(broken).rejects.toThrow('killed');
  asked = [];
  const { items } = await place.list({ items: prefix() }, changes);
  expect(items.map(({ item }) => item)).toEqual(Array.from({ length: 1100 }, (_, n) => n));
  expect(asked[0]?.searchParams.get('start-after')).toBe('in/0999.mp4');
});

test.each([
  [
    'without the right to list',
    403,
    'AccessDenied',
    'InvalidRequest',
    'items.prefix: s3://media/in/: may not be listed; allow s3:ListBucket',
  ],
  [
    'in a bucket that is not there',
    404,
    'NoSuchBucket',
    'InvalidRequest',
    'items.bucket: s3://media/in/: there is no such bucket',
  ],
  [
    'with unknown credentials',
    403,
    'InvalidAccessKeyId',
    'InvalidRequest',
    'items.bucket: s3://media/in/: the AWS credentials of the worker',
  ],
  [
    'in storage that is busy',
    503,
    'SlowDown',
    'ProviderUnavailable',
    'items.bucket: s3://media/in/: the storage cannot be reached or is busy',
  ],
])('a prefix %s fails in words', async (_name, status, code, type, words) => {
  answer = refuse(status, code);
  const listing = listed(prefix());
  await expect(listing).rejects.toMatchObject({ type, message: expect.stringContaining(words) });
  await expect(listing).rejects.not.toMatchObject({ message: expect.stringContaining('secret') });
});

test('a prefix that nothing begins with is refused in words', async () => {
  await expect(listed(prefix({ prefix: 'none/' }))).rejects.toMatchObject({
    type: 'InvalidRequest',
    message: 'items.prefix: s3://media/none/: no object’s key begins so'.replace('’', "'"),
  });
});
