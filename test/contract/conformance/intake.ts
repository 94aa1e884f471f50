import { tagFields } from '../../../src/contracts/resource';
import { SubmissionAborted } from '../../../src/providers/outcome';
import {
  assetIdOf,
  idsOf,
  idsWith,
  readyAsset,
  submissionOf,
  submitAll,
  tagOf,
  valueOf,
  wordsOf,
  type Current,
  type Offers,
} from './harness';

export function describeIntake(current: Current, offers: Offers): void {
  test('of many that are submitted a bad one fails alone, and outcomes keep the order of the items', async () => {
    const harness = current();
    const { changes } = await harness.cause('ProviderRejected');
    const items = [submissionOf(harness, 'bad', changes), submissionOf(harness, 'a'), submissionOf(harness, 'b')];
    const outcomes = await submitAll(harness, items);
    expect(await wordsOf(harness, outcomes)).toEqual(['ProviderRejected', 'ok', 'ok']);
    const ids = await idsOf(harness, outcomes.slice(1));
    const found = [await idsWith(harness, 'a'), await idsWith(harness, 'b'), await idsWith(harness, 'bad')];
    expect(found).toEqual([[ids[0]], [ids[1]], []]);
  });

  test('an asset carries its tag and its own metadata from the moment it is made', async () => {
    const harness = current();
    const item = submissionOf(harness, 'k', { metadata: { title: 'mine' } });
    const id = await assetIdOf(harness, valueOf((await submitAll(harness, [item]))[0]));
    expect((await harness.provider.assets.get(id)).metadata).toEqual({ title: 'mine', ...tagFields(item.tag) });
  });

  test('finds assets by several tags at once, oldest first, and none of another owner', async () => {
    const harness = current();
    const others = submissionOf(harness, 'a', { tag: tagOf('a', 'somebody-else') });
    const items = [...['a', 'b', 'a'].map((key) => submissionOf(harness, key)), others];
    const ids: string[] = [];
    for (const item of items) ids.push(...(await idsOf(harness, await submitAll(harness, [item]))));
    const filename = harness.provider.traits.uniqueNames ? undefined : harness.media.filename;
    const since = new Date(Date.now() - 60_000).toISOString();
    const found = await harness.provider.intake.find([
      { tag: tagOf('b'), filename },
      { tag: tagOf('none'), filename, since },
      { tag: tagOf('a'), filename, since },
    ]);
    expect(found.map((assets) => assets.map(({ id }) => id))).toEqual([[ids[1]], [], [ids[0], ids[2]]]);
  });

  test('more assets than a page holds are all found', async () => {
    const harness = current();
    const pages = Array.from({ length: harness.provider.traits.assetsPerPage + 1 }, () => submissionOf(harness, 'k'));
    const made = await idsOf(harness, await submitAll(harness, pages));
    expect((await idsWith(harness, 'k')).toSorted()).toEqual(made.toSorted());
  });

  test('a submission that is aborted before it goes out makes nothing', async () => {
    const harness = current();
    const signal = AbortSignal.abort(new Error('the caller has left'));
    const [outcome] = await harness.provider.intake.submit([submissionOf(harness, 'k')], { signal });
    expect(outcome?.ok === false && outcome.error).toBeInstanceOf(SubmissionAborted);
    expect(await idsWith(harness, 'k')).toEqual([]);
  });

  test('a submission that is aborted once it has gone out still gives its outcome', async () => {
    const harness = current();
    const leaving = new AbortController();
    harness.whenSubmitArrives(() => leaving.abort(new Error('the caller has left')));
    const [outcome] = await harness.provider.intake.submit([submissionOf(harness, 'k')], { signal: leaving.signal });
    expect(leaving.signal.aborted).toBe(true);
    expect(await idsOf(harness, [outcome])).toEqual(await idsWith(harness, 'k'));
  });

  test('sizes decide the way up, and what is too large is refused before anything is sent', async () => {
    const { provider, media, partsSizeBytes } = current();
    const facts = { filename: media.filename, source: 'file', method: 'auto', field: 'source.path' } as const;
    const small = offers.routes.includes('whole') ? 'whole' : 'parts';
    expect(provider.intake.route({ ...facts, sizeBytes: media.content.byteLength })).toBe(small);
    if (offers.routes.includes('parts')) {
      expect(provider.intake.route({ ...facts, method: 'multipart', sizeBytes: partsSizeBytes })).toBe('parts');
    }
    expect(() => provider.intake.route({ ...facts, sizeBytes: 1e15 })).toThrow(
      expect.objectContaining({ type: 'PayloadTooLarge', message: expect.stringContaining('source.path') }),
    );
  });

  test(`a source by URL ${offers.routes.includes('url') ? 'goes by its URL' : 'is refused before anything is sent'}`, () => {
    const { intake } = current().provider;
    const facts = { filename: current().media.filename, source: 'url', method: 'auto', field: 'source.url' } as const;
    if (offers.routes.includes('url')) return expect(intake.route(facts)).toBe('url');
    expect(() => intake.route(facts)).toThrow(invalid('source.url'));
  });

  test('what the provider takes in no way is an invalid request, which names the field', () => {
    const { provider, media, impossible } = current();
    const facts = { ...impossible, filename: media.filename, field: 'source.key' };
    expect(() => provider.intake.route(facts)).toThrow(invalid('source.key'));
    expect(() => provider.intake.route({ ...facts, sizeBytes: 1 })).toThrow(invalid('source.key'));
  });

  test.each(offers.failures)(
    'a submission can fail as %s: what it says of the effect holds, and it does not last',
    async (type) => {
      const harness = current();
      const { changes, end } = await harness.cause(type);
      const [outcome] = await harness.provider.intake.submit([submissionOf(harness, 'k', changes)]);
      expect(outcome && (await wordsOf(harness, [outcome]))).toEqual([type]);
      end?.();
      expect(await idsWith(harness, 'k')).toHaveLength(type === 'OutcomeUnknown' ? 1 : 0);
      expect((await readyAsset(harness, 'next')).id).toBeTruthy();
    },
  );
}

const invalid = (field: string) =>
  expect.objectContaining({ type: 'InvalidRequest', message: expect.stringContaining(field) });
