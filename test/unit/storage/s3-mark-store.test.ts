import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { s3Access, type S3Access } from '../../../src/storage/s3/s3-client';
import { createS3MarkStore } from '../../../src/storage/s3/s3-mark-store';
import { losesNoChange, markStorePromises } from '../../support/mark-store-promises';
import { bodyOf } from '../../support/servers/http-server';

const before = { ...process.env };
let server: Server;
let opened: S3Access[];
/** Objects by their path. */
let objects: Map<string, string>;
let takesConditions: boolean;

const etagOf = (text: string): string => `"${createHash('md5').update(text).digest('hex')}"`;

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(`<Error><Code>${code}</Code></Error>`);
}

/** Objects whose conditions are looked at in one step with the write, as S3 does. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://s3');
  const body = (await bodyOf(request)).toString();
  const there = objects.get(pathname);
  const { 'if-match': match, 'if-none-match': none } = request.headers;
  if (searchParams.has('list-type')) {
    const prefix = `${pathname.replace(/\/$/, '')}/${searchParams.get('prefix')}`;
    const keys = [...objects.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.split('/').slice(2).join('/'));
    const items = keys.map((key) => `<Contents><Key>${decodeURIComponent(key)}</Key></Contents>`).join('');
    response.end(`<ListBucketResult>${items}<IsTruncated>false</IsTruncated></ListBucketResult>`);
  } else if (request.method === 'PUT') {
    if (!takesConditions && (match ?? none)) return refuse(response, 501, 'NotImplemented');
    if (none && there !== undefined) return refuse(response, 412, 'PreconditionFailed');
    if (match && (there === undefined || etagOf(there) !== match)) return refuse(response, 412, 'PreconditionFailed');
    objects.set(pathname, body);
    response.writeHead(200, { etag: etagOf(body) }).end();
  } else if (request.method === 'DELETE') {
    objects.delete(pathname);
    response.writeHead(204).end();
  } else if (there === undefined) {
    refuse(response, 404, 'NoSuchKey');
  } else {
    response.writeHead(200, { etag: etagOf(there), 'content-length': Buffer.byteLength(there) }).end(there);
  }
}

beforeEach(async () => {
  objects = new Map();
  opened = [];
  takesConditions = true;
  server = createServer((request, response) => void serve(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env = {
    ...{ PATH: before.PATH, AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true' },
    ...{ AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key' },
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
});
afterEach(async () => {
  process.env = { ...before };
  for (const access of opened) access.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function store() {
  const access = s3Access({ forcePathStyle: true });
  opened.push(access);
  return createS3MarkStore(access, { bucket: 'media', prefix: 'results' });
}

markStorePromises(store);
losesNoChange(store);

test('a server without conditional writes keeps marks as well', async () => {
  takesConditions = false;
  const asset = { owner: 'o', provider: 'p', place: 'd', assetId: 'a' };
  await store().change(asset, () => ({ over: 'r1', fields: {} }));
  await store().change(asset, (mark) => ({ over: `${mark?.over}, r2`, fields: {} }));
  expect(await store().read(asset)).toMatchObject({ over: 'r1, r2' });
  expect([...objects.keys()]).toEqual(['/media/results/marks/_o/_p/_d/_a.json']);
});
