import { PartUrls } from '../../../../src/providers/shared/parts/part-urls';
import type { PartUrl, PartUploads } from '../../../../src/providers/part-uploads';
import { MemoryProvider } from '../../../support/memory-provider';

const HOUR_MS = 3_600_000;
beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A provider whose URLs live so long; remembers what it was asked for. */
function provider(lifeMs: number) {
  const asked: { first: number; count: number }[] = [];
  const urls = ({ first, count }: { first: number; count: number }): PartUrl[] =>
    Array.from({ length: count }, (_, at) => ({
      part: first + at,
      url: `url ${asked.length}/${first + at}`,
      expiresAt: Date.now() + lifeMs,
    }));
  const sessions: PartUploads = {
    ...new MemoryProvider().intake.parts,
    urlsPerRequest: 50,
    partsPerReport: 50,
    urls: async (_session: string, range: { first: number; count: number }) => {
      asked.push(range);
      return urls(range);
    },
  };
  return { asked, urls, sessions };
}

const open = (sessions: PartUploads, first: PartUrl[] = [], totalParts = 120) =>
  new PartUrls(sessions, { sessionId: 's', totalParts }, 4, new AbortController().signal, first);

test('uses the URLs that came with the session, and then asks for fifty at a time, never past the end', async () => {
  const { asked, urls, sessions } = provider(HOUR_MS);
  const parts = open(sessions, urls({ first: 1, count: 10 }));
  for (let part = 1; part <= 120; part++) await parts.take(part);
  expect(asked).toEqual([
    { first: 11, count: 50 },
    { first: 61, count: 50 },
    { first: 111, count: 10 },
  ]);
});

test('many who ask at once share one request', async () => {
  const { asked, sessions } = provider(HOUR_MS);
  const parts = open(sessions);
  const taken = await Promise.all([1, 2, 3, 4].map((part) => parts.take(part)));
  expect(taken.map(({ part }) => part)).toEqual([1, 2, 3, 4]);
  expect(asked).toHaveLength(1);
});

test('gives each URL out once', async () => {
  const { sessions } = provider(HOUR_MS);
  const parts = open(sessions);
  expect((await parts.take(1)).url).not.toBe((await parts.take(1)).url);
});

test('asks again before a URL expires', async () => {
  const { asked, sessions } = provider(HOUR_MS);
  const parts = open(sessions);
  await parts.take(1);
  jest.advanceTimersByTime(HOUR_MS - 30_000);
  await parts.take(2);
  expect(asked).toHaveLength(2);
});

test('of URLs that live for seconds it asks for no more than will be used', async () => {
  const { asked, urls, sessions } = provider(2000);
  const parts = open(sessions, urls({ first: 1, count: 1 }));
  await parts.take(5);
  expect(asked).toEqual([{ first: 5, count: 4 }]);
});

test('answers that lack the part, or give only dead URLs, end the wait for one', async () => {
  for (const answer of [[], [{ part: 7, url: 'dead', expiresAt: 0 }]]) {
    const parts = open({ ...new MemoryProvider().intake.parts, urls: async () => answer });
    await expect(parts.take(7)).rejects.toMatchObject({
      type: 'ProviderUnavailable',
      message: expect.stringContaining('no usable URL for part 7'),
    });
  }
});

test('a URL that does not tell its life is used', async () => {
  const parts = open({
    ...new MemoryProvider().intake.parts,
    urls: async () => [{ part: 1, url: 'some', expiresAt: Number.NaN }],
  });
  expect((await parts.take(1)).url).toBe('some');
});
