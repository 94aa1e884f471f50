import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { startEmulator, type Emulator } from '../../../emulator/twelvelabs/start-emulator';
import { loadConfig } from '../../../src/config';
import { ConfigError } from '../../../src/config-error';
import { failureType } from '../../../src/contracts/failures';
import { isExempt, type ProxySettings } from '../../../src/http/proxy-settings';
import { answersAsEmulator } from '../../../src/providers/twelvelabs/api/emulator-probe';
import { createTwelveLabsProvider } from '../../../src/providers/twelvelabs/twelvelabs-provider';
import { PartStore } from '../../../src/providers/twelvelabs/intake/part-store';
import { s3Access } from '../../../src/storage/s3/s3-client';
import { connectProxy, type ConnectProxy } from '../../support/servers/connect-proxy';
import { admitCoreErrors } from '../../support/core-errors';

admitCoreErrors();
const ELSEWHERE = 'api.provider.test'; // resolves nowhere, so that only a proxy reaches it

let emulator: Emulator;
let store: Server;
let storeUrl: string;
let open: { close(): unknown }[];
beforeAll(async () => {
  emulator = await startEmulator();
  store = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(200, { etag: '"abc"' }).end('<ListBucketResult/>'));
  }).listen(0, '127.0.0.1');
  await once(store, 'listening');
  storeUrl = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await emulator.close();
  store.closeAllConnections();
  store.close();
});
beforeEach(() => {
  open = [];
});
afterEach(async () => {
  for (const one of open) await one.close();
});

async function proxyTo(target: string): Promise<ConnectProxy> {
  const proxy = await connectProxy(target);
  open.push(proxy);
  return proxy;
}

function provider(baseUrl: string, proxies: ProxySettings) {
  const account = createTwelveLabsProvider({ apiKey: 'tlk_TEST', baseUrl, requestTimeoutMs: 5000, proxies });
  open.unshift(account);
  return account;
}

const firstPage = (account: ReturnType<typeof provider>): Promise<unknown> => account.assets.list({});

test('the provider is asked through HTTP_PROXY, in tunnels', async () => {
  const proxy = await proxyTo(emulator.url);
  await firstPage(provider(`http://${ELSEWHERE}/v1.3`, { http: proxy.url, noProxy: '' }));
  expect(proxy.asked).toEqual([`${ELSEWHERE}:80`]);
});

test('https goes through HTTPS_PROXY, and what a refusing proxy says is told', async () => {
  const [http, https] = [await proxyTo(emulator.url), await proxyTo(emulator.url)];
  https.answer = 407;
  const account = provider(`https://${ELSEWHERE}/v1.3`, { http: http.url, https: https.url, noProxy: '' });
  const error: unknown = await firstPage(account).catch((thrown: unknown) => thrown);
  expect(failureType(error)).toBe('ProviderUnavailable');
  expect((error as Error).message).toContain('Proxy response (407)');
  expect({ http: http.asked, https: https.asked }).toEqual({ http: [], https: [`${ELSEWHERE}:443`] });
});

test('a proxy that takes connections and never answers is given up like a provider that does not', async () => {
  const proxy = await proxyTo(emulator.url);
  proxy.answer = 'nothing';
  const proxies = { http: proxy.url, noProxy: '' };
  const account = createTwelveLabsProvider({
    apiKey: 'k',
    baseUrl: `http://${ELSEWHERE}`,
    requestTimeoutMs: 200,
    proxies,
  });
  open.unshift(account);
  await expect(account.assets.list({})).rejects.toThrow('UND_ERR_HEADERS_TIMEOUT');
});

test('hosts of NO_PROXY and loopback are asked directly', async () => {
  const proxy = await proxyTo(emulator.url);
  const proxies = { http: proxy.url, https: proxy.url, noProxy: '.provider.test' };
  await firstPage(provider(emulator.url, proxies));
  await expect(firstPage(provider(`http://${ELSEWHERE}/v1.3`, proxies))).rejects.toThrow('ENOTFOUND');
  expect(proxy.asked).toEqual([]);
});

test('parts go to their store through the proxy', async () => {
  const proxy = await proxyTo(storeUrl);
  const parts = new PartStore(5000, { http: proxy.url, noProxy: '' });
  open.unshift(parts);
  const etag = await parts.put(
    { url: 'http://parts.test/1', part: 1, expiresAt: Number.MAX_SAFE_INTEGER },
    Buffer.from('bytes'),
    { headers: {}, md5: '' },
  );
  expect([etag, proxy.asked]).toEqual(['abc', ['parts.test:80']]);
});

test('whether an emulator answers is asked through the proxy', async () => {
  const proxy = await proxyTo(emulator.url);
  expect(await answersAsEmulator(`http://${ELSEWHERE}/v1.3`, { http: proxy.url, noProxy: '' })).toBe(true);
  expect(proxy.asked).toEqual([`${ELSEWHERE}:80`]);
});

test.each([
  ['through the proxy', '', ['bucket.s3.test:80']],
  ['directly for a host of NO_PROXY', 's3.test', []],
])('S3 is asked %s', async (_how, noProxy, asked) => {
  const proxy = await proxyTo(storeUrl);
  const environment = {
    AWS_ENDPOINT_URL_S3: 'http://s3.test',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'TESTACCESSKEY',
    AWS_SECRET_ACCESS_KEY: 'test-secret-key-of-s3',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  const before = { ...process.env };
  Object.assign(process.env, environment);
  try {
    const access = s3Access({ forcePathStyle: false }, { http: proxy.url, noProxy });
    open.unshift(access);
    const listing = access.client().send(new ListObjectsV2Command({ Bucket: 'bucket' }));
    if (asked.length > 0) await listing;
    else await expect(listing).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(proxy.asked).toEqual(asked);
  } finally {
    process.env = before;
  }
});

test('the variables are read in both spellings, with or without a scheme, and a wrong one is told of without its value', () => {
  const of = (environment: NodeJS.ProcessEnv) => loadConfig(environment).proxies;
  expect(of({})).toEqual({ noProxy: '' });
  expect(of({ HTTPS_PROXY: 'proxy.test:3128', NO_PROXY: '.internal' })).toEqual({
    https: 'http://proxy.test:3128/',
    noProxy: '.internal',
  });
  expect(of({ https_proxy: 'http://lower:1', HTTPS_PROXY: 'http://upper:1' })).toMatchObject({
    https: 'http://lower:1/',
  });
  expect(of({ HTTP_PROXY: 'http://any:1' })).toMatchObject({ http: 'http://any:1/', https: 'http://any:1/' });
  const wrong = (): unknown => of({ HTTPS_PROXY: 'socks5://me:secret@proxy.test' });
  expect(wrong).toThrow(ConfigError);
  expect(wrong).toThrow('HTTPS_PROXY: must be the URL of an HTTP proxy');
  expect(wrong).not.toThrow('secret');
});

test.each<[string, string, number, boolean]>([
  ['example.com', 'example.com', 443, true],
  ['example.com', 'api.example.com', 443, true],
  ['.example.com', 'api.example.com', 443, true],
  ['*.example.com', 'api.EXAMPLE.com', 443, true],
  ['example.com', 'notexample.com', 443, false],
  ['example.com:8080', 'example.com', 8080, true],
  ['example.com:8080', 'example.com', 443, false],
  ['a.test, b.test', 'b.test', 80, true],
  ['*', 'anything.test', 80, true],
  ['', '127.0.0.1', 80, true],
  ['', 'localhost', 80, true],
  ['', '[::1]', 80, true],
  ['', 'example.com', 80, false],
])('NO_PROXY=%s: %s:%i is asked directly: %s', (noProxy, host, port, expected) => {
  expect(isExempt({ noProxy }, host, port)).toBe(expected);
});
