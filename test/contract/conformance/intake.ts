import { readTag, tagFields } from '../../../src/contracts/resource';
import { SubmissionAborted } from '../../../src/providers/outcome';
import { readyAsset, submissionOf, submitAll, tagOf, valueOf, wordOf, type Current } from './harness';

export function describeIntake(current: Current): void {
  test('of many that are submitted a bad one fails alone, and outcomes keep the order of the items', async () => {
    const harness = current();
    await harness.failNext('submit', 'ProviderRejected');
    const items = ['bad', 'a', 'b'].map((key) => submissionOf(harness, key));
    const outcomes = await submitAll(harness, items);
    expect(outcomes.map(wordOf)).toEqual(['ProviderRejected', 'ok', 'ok']);
    const keys = outcomes.slice(1).map((outcome) => {
      const submitted = valueOf(outcome);
      return 'asset' in submitted ? readTag(submitted.asset.metadata)?.key : undefined;
    });
    expect(keys).toEqual(['a', 'b']);
  });

  test('an asset carries its tag and its own metadata from the moment it is made', async () => {
    const harness = current();
    const item = submissionOf(harness, 'k', { metadata: { title: 'mine' } });
    const submitted = valueOf((await submitAll(harness, [item]))[0]);
    const id = 'asset' in submitted ? submitted.asset.id : '';
    expect((await harness.provider.assets.get(id)).metadata).toEqual({ title: 'mine', ...tagFields(item.tag) });
  });

  test('progress of an item is told with its place, and ends with all its bytes', async () => {
    const harness = current();
    const heard: [number, number][] = [];
    const onProgress = (item: number, bytes: number) => void heard.push([item, bytes]);
    await harness.provider.intake.submit([submissionOf(harness, 'k')], { onProgress });
    expect(heard.at(-1)).toEqual([0, harness.media.content.byteLength]);
  });

  test('finds assets by several tags at once, oldest first, and none of another owner', async () => {
    const harness = current();
    const others = submissionOf(harness, 'a', { tag: tagOf('a', 'somebody-else') });
    const items = [...['a', 'b', 'a'].map((key) => submissionOf(harness, key)), others];
    const ids = (await submitAll(harness, items)).map((outcome) => {
      const submitted = valueOf(outcome);
      return 'asset' in submitted ? submitted.asset.id : '';
    });
    const { filename } = harness.media;
    const since = new Date(Date.now() - 60_000).toISOString();
    const found = await harness.provider.intake.find([
      { tag: tagOf('b'), filename },
      { tag: tagOf('none'), filename, since },
      { tag: tagOf('a'), filename, since },
    ]);
    expect(found.map((assets) => assets.map(({ id }) => id))).toEqual([[ids[1]], [], [ids[0], ids[2]]]);
  });

  test('a submission that is aborted before it goes out makes nothing', async () => {
    const harness = current();
    const signal = AbortSignal.abort(new Error('the caller has left'));
    const [outcome] = await harness.provider.intake.submit([submissionOf(harness, 'k')], { signal });
    expect(outcome?.ok === false && outcome.error).toBeInstanceOf(SubmissionAborted);
    expect((await harness.provider.intake.find([{ tag: tagOf('k') }])).flat()).toEqual([]);
  });

  test('a submission that is aborted once it has gone out still gives its outcome', async () => {
    const harness = current();
    const leaving = new AbortController();
    harness.whenSubmitArrives(() => leaving.abort(new Error('the caller has left')));
    const [outcome] = await harness.provider.intake.submit([submissionOf(harness, 'k')], { signal: leaving.signal });
    expect(leaving.signal.aborted).toBe(true);
    const submitted = valueOf(outcome);
    expect('asset' in submitted && submitted.asset.id).toBe(
      (await harness.provider.intake.find([{ tag: tagOf('k') }])).flat()[0]?.id,
    );
  });

  test('after a lost answer the outcome is unknown, and the tag finds what was made', async () => {
    const harness = current();
    await harness.failNext('submit', 'OutcomeUnknown');
    const [outcome] = await harness.provider.intake.submit([submissionOf(harness, 'k')]);
    expect(wordOf(outcome)).toBe('OutcomeUnknown');
    expect((await harness.provider.intake.find([{ tag: tagOf('k') }])).flat()).toHaveLength(1);
  });

  test('sizes decide the way up, and what is too large is refused before anything is sent', async () => {
    const { provider, media, partsSizeBytes } = current();
    const facts = { filename: media.filename, source: 'file', method: 'auto', field: 'source.path' } as const;
    expect(provider.intake.route({ ...facts, source: 'url' })).toBe('url');
    expect(provider.intake.route({ ...facts, sizeBytes: media.content.byteLength })).toBe('whole');
    expect(provider.intake.route({ ...facts, method: 'multipart', sizeBytes: partsSizeBytes })).toBe('parts');
    expect(() => provider.intake.route({ ...facts, sizeBytes: 1e15 })).toThrow(
      expect.objectContaining({ type: 'PayloadTooLarge', message: expect.stringContaining('source.path') }),
    );
  });

  test('every failure that a submission can meet has its type', async () => {
    const harness = current();
    for (const type of harness.failures) {
      await harness.failNext('submit', type);
      const [outcome] = await harness.provider.intake.submit([submissionOf(harness, 'k')]);
      expect(wordOf(outcome)).toBe(type);
    }
    expect((await readyAsset(harness)).id).toBeTruthy(); // none of them lasts
  });
}
