import { assetHandle } from '../../../src/contracts/branches/handle';
import type { ObservationTrouble } from '../../../src/providers/media-provider';
import { readPages } from '../../../src/providers/shared/read-pages';
import { all, readyAsset, submissionOf, submitAll, typeOf, wordOf, type Current } from './harness';

const UNKNOWN = '0'.repeat(24);

export function describeAssets(current: Current): void {
  test('a walk over the pages skips nothing and ends, while assets are made', async () => {
    const harness = current();
    const { provider } = harness;
    const before = new Set<string>();
    for (let made = 0; made < 5; made++) before.add((await readyAsset(harness, `k${made}`)).id);
    const seen: string[] = [];
    const read = async (page: number) => {
      const answer = await provider.assets.list({ page, pageSize: 2 });
      if (page < 3) await readyAsset(harness, `during-${page}`);
      return answer;
    };
    for await (const { items } of readPages(read, { idOf: ({ id }) => id })) seen.push(...items.map(({ id }) => id));
    expect([...before].filter((id) => !seen.includes(id))).toEqual([]);
  });

  test('an undisturbed walk is newest first and repeats nothing', async () => {
    const harness = current();
    const made: string[] = [];
    for (let index = 0; index < 5; index++) made.push((await readyAsset(harness, `k${index}`)).id);
    const read = (page: number) => harness.provider.assets.list({ page, pageSize: 2 });
    const pages = await all(readPages(read, { idOf: ({ id }) => id }));
    expect(pages.flatMap(({ items }) => items.map(({ id }) => id))).toEqual(made.toReversed());
    expect(pages[0]).toMatchObject({ page: 1, totalPages: 3, totalItems: 5 });
  });

  test('removes many, and tells of each by itself whether it was there', async () => {
    const harness = current();
    const { id } = await readyAsset(harness);
    const outcomes = await harness.provider.assets.remove([UNKNOWN, id], { force: false });
    expect(outcomes.map(wordOf)).toEqual(['ResourceGone', 'ok']);
    expect(await typeOf(harness.provider.assets.get(id))).toBe('ResourceGone');
  });

  test('a reference that blocks keeps the asset, and force removes it all the same', async () => {
    const harness = current();
    const { provider } = harness;
    const { id, filename } = await readyAsset(harness);
    for (const { type, branch } of harness.branches) {
      const { fileType } = harness.media;
      const item = { branch: await branch(), assetId: id, tag: submissionOf(harness, 'k').tag };
      await provider.branches[type]?.start([{ ...item, name: filename, filename, fileType }]);
    }
    await harness.settle();
    const blocking = (await provider.assets.referrers(id)).filter(({ blocksDeletion }) => blocksDeletion);
    expect(blocking.length).toBeGreaterThan(0);
    expect((await provider.assets.remove([id], { force: false })).map(wordOf)).toEqual(['BlockedByReferences']);
    expect((await provider.assets.remove([id], { force: true })).map(wordOf)).toEqual(['ok']);
  });

  test('notes are merged, taken away by null, and refused of an asset that is gone', async () => {
    const harness = current();
    const { provider } = harness;
    const { id, metadata } = await readyAsset(harness);
    const outcomes = await provider.assets.annotate([
      { assetId: id, fields: { one: '1', two: '2' } },
      { assetId: UNKNOWN, fields: { one: '1' } },
    ]);
    expect(outcomes.map(wordOf)).toEqual(['ok', 'ResourceGone']);
    await provider.assets.annotate([{ assetId: id, fields: { two: null } }]);
    expect((await provider.assets.get(id)).metadata).toEqual({ ...metadata, one: '1' });
  });

  test('watches many with one missing: only that one is gone', async () => {
    const harness = current();
    const ids = [(await readyAsset(harness, 'a')).id, UNKNOWN, (await readyAsset(harness, 'b')).id];
    const working = (await submitAll(harness, [submissionOf(harness, 'c')]))[0];
    const atWork = working?.ok && 'asset' in working.value ? working.value.asset.id : '';
    let requests = 0;
    const pace = async (): Promise<void> => void requests++;
    const heard = await all(harness.provider.watch([...ids, atWork].map(assetHandle), { pace }));
    const states = new Map(heard.map((one) => ('state' in one ? [one.handle.id, one.state] : ['', 'trouble'])));
    expect(states).toEqual(
      new Map(
        [ids[0], ids[2], UNKNOWN, atWork].map((id) => [
          id,
          id === UNKNOWN ? 'gone' : expect.stringMatching(/ready|working/),
        ]),
      ),
    );
    expect(states.get(String(ids[0]))).toBe('ready');
    expect(requests).toBeLessThan(4);
  });

  test('trouble with one is told of that one, and the others are read', async () => {
    const harness = current();
    const { id } = await readyAsset(harness);
    await harness.failNext('get', 'ProviderUnavailable');
    const heard = await all(harness.provider.watch([UNKNOWN, id].map(assetHandle), { pace: async () => {} }));
    const troubles = heard.filter((one): one is ObservationTrouble => 'error' in one);
    expect(troubles.map(({ handles }) => handles.map((handle) => handle.id))).toEqual([[UNKNOWN]]);
    expect(heard).toContainEqual(expect.objectContaining({ state: 'ready', handle: assetHandle(id) }));
  });
}
