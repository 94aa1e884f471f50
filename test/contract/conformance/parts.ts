import { createHash } from 'node:crypto';
import type { Submitted } from '../../../src/providers/intake';
import { PartRefused, type OpenedParts, type PartUrl } from '../../../src/providers/part-uploads';
import {
  assetIdOf,
  md5Of,
  partOf,
  partsOf,
  sendParts,
  sourceOf,
  submissionOf,
  submitAll,
  tagOf,
  typeOf,
  valueOf,
  type Current,
} from './harness';

function openedIn(submitted: Submitted): OpenedParts {
  const parts = partsOf(submitted);
  if (parts) return parts;
  throw new Error('no session was opened');
}

export function describeParts(current: Current): void {
  const opened = async () => {
    const harness = current();
    const { partsSizeBytes, media } = harness;
    const content = Buffer.alloc(partsSizeBytes, media.content);
    const bytes = sourceOf(media.filename, content);
    const item = submissionOf(harness, 'k', { content: { route: 'parts', bytes } });
    const submitted = valueOf((await submitAll(harness, [item]))[0]);
    const upload = openedIn(submitted);
    const { parts } = harness.provider.intake;
    const bytesOf = (part: number) => partOf(content, upload, part);
    const urlOf = async (part: number): Promise<PartUrl> => {
      const [url] = await parts.urls(upload.sessionId, { first: part, count: 1 });
      if (!url) throw new Error(`no URL for part ${part}`);
      return url;
    };
    const put = async (part: number, md5 = md5Of(bytesOf(part)), url?: PartUrl) =>
      parts.put(url ?? (await urlOf(part)), bytesOf(part), { headers: upload.headers, md5 });
    return { harness, submitted, content, upload, parts, bytesOf, urlOf, put };
  };
  const why = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'taken',
      (error: unknown) => (error instanceof PartRefused ? error.why : String(error)),
    );

  test('an opened session plans its parts, and an asset that it reserves carries the tag', async () => {
    const { harness, submitted, upload, parts } = await opened();
    const [found] = await harness.provider.intake.find([{ tag: tagOf('k') }]);
    expect(found?.map(({ id }) => id)).toEqual('upload' in submitted ? [submitted.upload.assetId] : []);
    expect((upload.totalParts - 1) * upload.partBytes).toBeLessThan(harness.partsSizeBytes); // the last has the rest
    expect(upload.totalParts).toBeGreaterThan(1);
    expect(await parts.state(upload.sessionId)).toEqual({ state: 'active', reported: new Set() });
    if ('upload' in submitted) expect(await parts.incomplete()).toMatchObject([{ sizeBytes: harness.partsSizeBytes }]);
  });

  test('parts count once they are reported, also twice, and the session completes with the last', async () => {
    const { upload, parts, bytesOf, put } = await opened();
    const { sessionId, totalParts } = upload;
    for (let part = 1; part <= totalParts; part++) {
      const etag = await put(part);
      expect((await parts.state(sessionId)).reported.has(part)).toBe(false);
      const reports = [{ part, sizeBytes: bytesOf(part).byteLength, etag }];
      await parts.report(sessionId, reports);
      if (part < totalParts) await parts.report(sessionId, reports);
      expect((await parts.state(sessionId)).reported.has(part)).toBe(true);
    }
    expect((await parts.state(sessionId)).state).toBe('completed');
    expect(await parts.incomplete()).toEqual([]);
  });

  test('the parts of many URLs are those that were asked for', async () => {
    const { upload, parts } = await opened();
    const urls = await parts.urls(upload.sessionId, { first: 1, count: 2 });
    expect(urls.map(({ part }) => part)).toEqual([1, 2]);
    expect(urls.every(({ expiresAt }) => expiresAt > Date.now())).toBe(true);
  });

  test('bytes that arrive damaged are refused as such', async () => {
    const { put } = await opened();
    expect(await why(put(1, md5Of(Buffer.from('other bytes'))))).toBe('damaged');
    expect(await why(put(1))).toBe('taken');
  });

  test('a URL that has expired is refused as stale, and a fresh one takes the part', async () => {
    const { harness, upload, parts, put, urlOf } = await opened();
    const url = await urlOf(1);
    await harness.expireUrls(upload);
    expect(await why(put(1, undefined, url))).toBe('stale');
    expect((await parts.state(upload.sessionId)).state).toBe('active');
    expect(await why(put(1))).toBe('taken');
  });

  test.each([
    ['backwards', (numbers: number[]) => numbers.toReversed()],
    ['the last one first', (numbers: number[]) => [...numbers.slice(-1), ...numbers.slice(0, -1)]],
  ])('parts that are sent %s give the same bytes', async (_name, ordered) => {
    const { harness, submitted, upload, content, bytesOf } = await opened();
    const numbers = Array.from({ length: upload.totalParts }, (_, at) => at + 1);
    expect(new Set(numbers.map((part) => md5Of(bytesOf(part)))).size).toBe(upload.totalParts); // or no order could be seen
    await sendParts(harness, upload, content, ordered(numbers));
    await harness.settle();
    expect(await harness.sha256Of(await assetIdOf(harness, submitted))).toBe(
      createHash('sha256').update(content).digest('hex'),
    );
  });

  test('of two files that are opened together each completes by its own parts', async () => {
    const harness = current();
    const { filename, content } = harness.media;
    const whole = Buffer.alloc(harness.partsSizeBytes, content);
    const items = ['a', 'b'].map((key) => {
      const bytes = sourceOf(`${key}-${filename}`, whole);
      return submissionOf(harness, key, { filename: bytes.filename, content: { route: 'parts', bytes } });
    });
    const uploads = (await submitAll(harness, items)).map((outcome) => openedIn(valueOf(outcome)));
    const { parts } = harness.provider.intake;
    const states = async () => Promise.all(uploads.map(async ({ sessionId }) => (await parts.state(sessionId)).state));
    const [first, second] = uploads;
    if (first) await sendParts(harness, first, whole);
    expect(await states()).toEqual(['completed', 'active']);
    if (second) await sendParts(harness, second, whole);
    expect(await states()).toEqual(['completed', 'completed']);
  });

  test('a part of a session that has ended is refused, and its state says how it ended', async () => {
    const { harness, upload, parts, put, urlOf } = await opened();
    const url = await urlOf(1);
    await harness.failSession(upload);
    expect(await why(put(1, undefined, url))).toBe('gone');
    expect((await parts.state(upload.sessionId)).state).toBe('failed');
  });

  test('a session that the provider does not know is gone', async () => {
    const { harness, parts } = await opened();
    expect(await typeOf(parts.state(harness.unknown.sessionId))).toBe('ResourceGone');
  });
}
