import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PartBuffers } from '../../../src/providers/shared/parts/part-buffers';
import { sendParts } from '../../../src/providers/shared/parts/send-parts';
import { PartUrls } from '../../../src/providers/shared/parts/part-urls';
import { PartStore } from '../../../src/providers/twelvelabs/intake/part-store';
import { PartRefused, type PartUploads } from '../../../src/providers/part-uploads';
import type { SourceBytes } from '../../../src/storage/files/source-bytes';
import { Readable } from 'node:stream';

const MEBIBYTE = 1024 ** 2;
const STALL_MS = 400;
const V4 = '?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=secret';
let server: Server;
let store: PartStore;
beforeEach(() => void (store = new PartStore(STALL_MS)));
afterEach(async () => {
  await store.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const md5Of = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');
const put = (url: string, bytes: Buffer) =>
  store.put({ part: 1, url, expiresAt: 0 }, bytes, { headers: {}, md5: md5Of(bytes) });

/** Reads a body in pieces, and rests after each megabyte. */
async function readSlowly(request: IncomingMessage, restMs: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let rested = 0;
  let read = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    pieces.push(piece);
    read += piece.byteLength;
    if (read < (rested + 1) * MEBIBYTE) continue;
    rested += 1;
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
  return Buffer.concat(pieces);
}

test('a part that takes many times as long as a stall may is sent', async () => {
  const url = await serve((request, response) => {
    void readSlowly(request, 200).then((body) => response.writeHead(200, { etag: `"${md5Of(body)}"` }).end());
  });
  await store.close();
  store = new PartStore(1500); // a third of what the part takes, and far more than a busy machine lets a rest last
  const bytes = Buffer.alloc(24 * MEBIBYTE, 'x');
  expect(await put(url, bytes)).toBe(md5Of(bytes));
});

test('a part of which nothing moves any more fails as ProviderUnavailable', async () => {
  const url = await serve((request) => request.pause());
  await expect(put(url, Buffer.alloc(24 * MEBIBYTE))).rejects.toMatchObject({
    type: 'ProviderUnavailable',
    message: 'PUT part 1: no answer (nothing moved for 0.4 s)',
  });
});

const answering = (status: number, headers: Record<string, string>, code?: string) =>
  serve((request, response) => {
    const body = code === undefined ? '' : `<Error><Code>${code}</Code></Error>`;
    request.resume().once('end', () => response.writeHead(status, headers).end(body));
  });
const bytes = Buffer.from('some bytes');
const otherMd5 = '0'.repeat(32);

test.each([
  ['encrypts with KMS', { etag: otherMd5, 'x-amz-server-side-encryption': 'aws:kms' }],
  ['encrypts with KMS twice', { etag: otherMd5, 'x-amz-server-side-encryption': 'aws:kms:dsse' }],
  ['encrypts with a customer’s key', { etag: otherMd5, 'x-amz-server-side-encryption-customer-algorithm': 'AES256' }],
  ['gives ETags of its own shape', { etag: `${otherMd5}-1` }],
])('the ETag of a store that %s is no MD5', async (_name, headers) => {
  expect(await put(await answering(200, headers), bytes)).toBe(headers.etag);
});

test.each([
  ['another MD5', 200, { etag: otherMd5 }, undefined],
  [
    'another MD5 under its own encryption',
    200,
    { etag: otherMd5, 'x-amz-server-side-encryption': 'AES256' },
    undefined,
  ],
  ['BadDigest', 400, {}, 'BadDigest'],
])('%s says that the part arrived damaged', async (_name, status, headers, code) => {
  const error = await put(await answering(status, headers as Record<string, string>, code), bytes).catch(
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(PartRefused);
  expect(error).toMatchObject({ why: 'damaged' });
});

test.each([
  [400, 'RequestTimeout', 'ProviderUnavailable'],
  [400, 'IncompleteBody', 'ProviderUnavailable'],
  [503, 'SlowDown', 'ProviderUnavailable'],
  [409, 'OperationAborted', 'ProviderUnavailable'],
  [500, 'InternalError', 'ProviderUnavailable'],
  [400, 'ExpiredToken', 'stale'],
  [403, 'AccessDenied', 'stale'],
  [404, 'NoSuchUpload', 'gone'],
  [400, 'EntityTooLarge', 'ProviderRejected'],
])('%i %s is %s', async (status, code, meaning) => {
  const error = (await put(await answering(status, {}, code), bytes).catch((e: unknown) => e)) as PartRefused & {
    type?: string;
  };
  expect(error.type ?? error.why).toBe(meaning);
  expect(error.message).toBe(`PUT part 1: ${status}, ${code}`);
});

test.each([400, 401, 404, 407, 413])('%i from a proxy ends neither the part nor the session', async (status) => {
  const error = await put(await answering(status, {}), bytes).catch((e: unknown) => e);
  expect(error).toMatchObject({ type: 'ProviderUnavailable', message: expect.stringContaining('any proxy') });
});

test('Content-MD5 goes with a URL whose signature leaves it alone, and with no other', async () => {
  const sent: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    sent.push(request.headers['content-md5']?.toString());
    request.resume().once('end', () => response.writeHead(200, { etag: 'x' }).end());
  });
  await put(`${url}${V4}`, bytes);
  await put(`${url}?AWSAccessKeyId=a&Signature=b&Expires=1`, bytes);
  expect(sent).toEqual([createHash('md5').update(bytes).digest('base64'), undefined]);
});

test('a part that arrives damaged is sent five times, and then ends the upload for good', async () => {
  let puts = 0;
  const url = await serve((request, response) => {
    puts += 1;
    request.resume().once('end', () => response.writeHead(200, { etag: otherMd5 }).end());
  });
  const sessions: PartUploads = {
    ...{ urlsPerRequest: 1, partsPerReport: 1 },
    state: async () => ({ state: 'active', reported: new Set() }),
    report: async () => {},
    incomplete: async () => [],
    urls: async () => [{ part: 1, url, expiresAt: Date.now() + 3_600_000 }],
    put: (target, body, options) => store.put(target, body, options),
  };
  const { signal } = new AbortController();
  const upload = { sessionId: 's', assetId: 'a', partBytes: 10, totalParts: 1, fingerprint: '', headers: {} };
  const source: SourceBytes = {
    ...{ filename: 'a.mp4', sizeBytes: bytes.byteLength, fingerprint: '', content: '' },
    read: () => Readable.from([bytes]),
  };
  const sending = sendParts({
    ...{
      sessions,
      upload,
      source,
      reported: new Set<number>(),
      concurrency: 1,
      signal,
      stopping: signal,
      buffers: new PartBuffers(1),
    },
    urls: new PartUrls(sessions, upload, 1, signal),
    onSent: () => {},
  });
  await expect(sending).rejects.toMatchObject({
    type: 'ProviderRejected',
    nonRetryable: true,
    message: expect.stringContaining('arrived damaged 5 times'),
  });
  expect(puts).toBe(5);
});
