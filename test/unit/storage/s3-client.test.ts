import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { s3Access, type S3Access } from '../../../src/storage/s3/s3-client';
import { watchCredentials } from '../../../src/storage/s3/s3-credentials';
import { createS3Sources } from '../../../src/storage/s3/s3-sources';

const before = { ...process.env };
let folder: string;
let server: Server;
let endpoint: string;
let access: S3Access;
/** As they came over the wire. */
let requests: IncomingMessage[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

const found = (_request: IncomingMessage, response: ServerResponse) =>
  void response.writeHead(200, { 'content-length': 10, etag: '"e"' }).end();

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'asset-lifecycle-s3-'));
  requests = [];
  answer = found;
  server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env = {
    ...{ PATH: before.PATH, AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_S3: endpoint, AWS_EC2_METADATA_DISABLED: 'true' },
    ...{ AWS_SHARED_CREDENTIALS_FILE: path.join(folder, 'credentials'), AWS_CONFIG_FILE: path.join(folder, 'config') },
  };
  await giveCredentials('FIRST');
  access = s3Access({ forcePathStyle: true });
});
afterEach(async () => {
  process.env = { ...before };
  access.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

/** As a tool does that renews them on the disk. */
const giveCredentials = (keyId: string): Promise<void> =>
  writeFile(
    path.join(folder, 'credentials'),
    `[default]\naws_access_key_id=${keyId}\naws_secret_access_key=s\naws_session_token=t\n`,
  );
const resolve = (key = 'a.mp4') => createS3Sources(access).resolve({ bucket: 'media', key });
const keyIn = (url = ''): string => decodeURIComponent(url.replace(/^\/media\//, '').replace(/\?.*$/, ''));

test.each([
  ...['a//b.mp4', '/a.mp4', 'a b ', ' a', 'a%2Fb', 'a+b', 'a\\b', 'a?b#c', 'a/%2e%2e/b', 'x/...', "it's(1)*!~"],
  ...['u\u0308.mp4', '\u00fc.mp4', '😀', 'a/'],
])('the key %j is asked for, and put into the URL, byte for byte', async (key) => {
  const object = await resolve(key);
  expect(keyIn(requests[0]?.url)).toBe(key);
  expect(object.fitsUrl).toBe(true);
  const url = await object.presignedUrl(60);
  expect(keyIn(url.slice(endpoint.length))).toBe(key);
  expect(keyIn(new URL(url).pathname)).toBe(key); // as the provider reads it
});

test.each(['../a.mp4', 'a/./b', 'a/..', '.'])('the key %j is asked for as it is, but fits no URL', async (key) => {
  expect((await resolve(key)).fitsUrl).toBe(false);
  expect(keyIn(requests[0]?.url)).toBe(key);
});

test('a URL whose credentials end within minutes is not handed over, and is tried again', async () => {
  process.env.AWS_ACCESS_KEY_ID = 'a';
  process.env.AWS_SECRET_ACCESS_KEY = 's';
  process.env.AWS_CREDENTIAL_EXPIRATION = new Date(Date.now() + 60_000).toISOString();
  await expect((await resolve()).presignedUrl(21_600)).rejects.toMatchObject({
    type: 'ProviderUnavailable',
    message: expect.stringMatching(/credentials end in (59|60) s/),
  });
});

test('credentials that expired are read anew, also from a file that was read before', async () => {
  answer = ({ method, headers }, response) => {
    if (headers.authorization?.includes('SECOND')) return found({} as IncomingMessage, response);
    response
      .writeHead(400)
      .end(method === 'HEAD' ? '' : '<Error><Code>ExpiredToken</Code><Message>x</Message></Error>');
  };
  await expect(resolve()).rejects.toMatchObject({
    type: 'ProviderUnavailable',
    message: expect.stringContaining('being renewed'),
  });
  await giveCredentials('SECOND');
  expect((await resolve()).sizeBytes).toBe(10);
});

test('credentials that worked once and cannot be had now are being renewed; without any before it is a mistake', async () => {
  let gone = false;
  const missing = () => Object.assign(new Error('no answer'), { name: 'CredentialsProviderError' });
  const credentials = async () => {
    if (gone) throw missing();
    return { accessKeyId: 'a', secretAccessKey: 's', expiration: new Date() };
  };
  const clientOf = (worked: boolean) =>
    watchCredentials(
      new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials, maxAttempts: 1 }),
      { worked },
      () => {},
    );
  const client = clientOf(false);
  const sources = createS3Sources({ client: () => client, close: () => {} });
  await sources.resolve({ bucket: 'media', key: 'a' });
  gone = true;
  await expect(sources.resolve({ bucket: 'media', key: 'a' })).rejects.toMatchObject({ type: 'ProviderUnavailable' });
  const fresh = clientOf(false);
  await expect(
    createS3Sources({ client: () => fresh, close: () => {} }).resolve({ bucket: 'media', key: 'a' }),
  ).rejects.toMatchObject({ type: 'InvalidRequest' });
});
