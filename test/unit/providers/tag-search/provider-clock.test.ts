import type { IncomingMessage, ServerResponse } from 'node:http';
import { serveOnLoopback } from '../../../../src/cli/demo/loopback-server';
import type { MediaProvider } from '../../../../src/providers/media-provider';
import { createDatatureViProvider } from '../../../../src/providers/datature-vi/datature-vi-provider';
import { clockAheadMs } from '../../../../src/providers/shared/provider-clock';
import { createTwelveLabsProvider } from '../../../../src/providers/twelvelabs/twelvelabs-provider';
import { SECRET_KEY } from '../../datature-vi/account';

const HOUR_MS = 3_600_000;

test.each<[string, Record<string, string>, number | undefined]>([
  ['ahead of ours', { date: 'Thu, 01 Jan 2026 01:00:00 GMT' }, HOUR_MS],
  ['behind ours', { date: 'Wed, 31 Dec 2025 23:00:00 GMT' }, -HOUR_MS],
  ['not told', {}, undefined],
  ['told in words that are no time', { date: 'soon' }, undefined],
])('the provider’s clock, %s', (_where, headers, expected) => {
  expect(clockAheadMs(headers, Date.parse('2026-01-01T00:00:00Z'))).toBe(expected);
});

test.each<[string, (url: string) => MediaProvider]>([
  ['twelvelabs', (baseUrl) => createTwelveLabsProvider({ apiKey: 'tlk_UNIT', baseUrl, requestTimeoutMs: 5000 })],
  [
    'datature-vi',
    (endpoint) =>
      createDatatureViProvider({
        ...{ secretKey: SECRET_KEY, organizationId: 'org', endpoint },
        ...{ requestTimeoutMs: 5000, sessionsPer5Minutes: 1 },
      }),
  ],
])('a page of %s tells how far the provider’s clock is ahead, if its answer tells the time', async (_name, open) => {
  let date: string | undefined = new Date(Date.now() + HOUR_MS).toUTCString();
  const server = await serveOnLoopback((_request: IncomingMessage, response: ServerResponse) => {
    response.sendDate = false;
    if (date !== undefined) response.setHeader('date', date);
    const body = { data: [], page_info: { total_page: 0 }, items: [] };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  const account = open(server.url);
  const { assets } = account.within?.('demo') ?? account;
  try {
    const { clockAheadMs: told = 0 } = await assets.list({});
    expect(told).toBeLessThanOrEqual(HOUR_MS);
    expect(told).toBeGreaterThan(HOUR_MS - 30_000);
    date = undefined;
    expect((await assets.list({})).clockAheadMs).toBeUndefined();
  } finally {
    await account.close();
    await server.close();
  }
});
