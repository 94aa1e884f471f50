import { cli } from '../support/cli';
import { connectProxy, type ConnectProxy } from '../support/servers/connect-proxy';
import { sample, System } from '../support/system/system';

jest.setTimeout(60_000);
let system: System;
let proxy: ConnectProxy;
beforeAll(async () => {
  system = await System.start();
  proxy = await connectProxy(system.emulator.url);
});
afterAll(async () => {
  await system?.close();
  await proxy?.close();
});

test('a worker behind a proxy reaches the provider through it, and its Temporal server directly', async () => {
  await system.worker?.stop();
  await system.startWorker({ TWELVELABS_BASE_URL: 'http://api.provider.test/v1.3', http_proxy: proxy.url });
  const handle = await system.start('behind a proxy', { source: sample('clip.mp4'), branch: { type: 'embed' } });
  expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  expect(new Set(proxy.asked)).toEqual(new Set(['api.provider.test:80']));
});

test('a command finds a Temporal server on this machine though proxies are set', async () => {
  const before = proxy.asked.length;
  const variables = { http_proxy: proxy.url, https_proxy: proxy.url, HTTPS_PROXY: proxy.url };
  expect(await cli(['list', '--json'], { ...system.environment, ...variables })).toMatchObject({ code: 0 });
  expect(proxy.asked).toHaveLength(before);
});

test('a proxy variable that is no URL is told of in one line, and not by its value', async () => {
  const { code, stderr } = await cli(['worker'], { ...system.environment, HTTPS_PROXY: 'ftp://me:secret@proxy.test' });
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: HTTPS_PROXY: must be the URL of an HTTP proxy.*\n$/);
  expect(stderr).not.toContain('secret');
});
