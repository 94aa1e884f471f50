import { assetHandle, type Handle } from '../../../src/contracts/branches/handle';
import type { ObservationTrouble } from '../../../src/providers/media-provider';
import { followPages } from '../../../src/providers/shared/read-pages';
import {
  all,
  assetIdOf,
  readyAsset,
  submissionOf,
  submitAll,
  typeOf,
  valueOf,
  wordOf,
  type Current,
  type Offers,
} from './harness';

export function describeAssets(current: Current, offers: Offers): void {
  test('a walk over the pages skips nothing and ends, while assets are made', async () => {
    const harness = current();
    const { provider } = harness;
    const before = new Set<string>();
    for (let made = 0; made < 5; made++) before.add((await readyAsset(harness, `k${made}`)).id);
    const seen: string[] = [];
    let asked = 0;
    const read = async (from: string | undefined) => {
      const answer = await provider.assets.list({ from, pageSize: 2 });
      if (++asked < 3) await readyAsset(harness, `during-${asked}`);
      return answer;
    };
    for await (const { items } of followPages(read, { idOf: ({ id }) => id })) seen.push(...items.map(({ id }) => id));
    expect([...before].filter((id) => !seen.includes(id))).toEqual([]);
    expect(seen.length - new Set(seen).size).toBeLessThanOrEqual(2); // each new asset pushes one over a page's end
  });

  test('an undisturbed walk is newest first and repeats nothing, whatever the page size', async () => {
    const harness = current();
    const made: string[] = [];
    for (let index = 0; index < 5; index++) made.push((await readyAsset(harness, `k${index}`)).id);
    const { traits, assets } = harness.provider;
    for (const pageSize of [1, 2, 5, traits.assetsPerPage]) {
      const read = (from: string | undefined) => assets.list({ from, pageSize });
      const pages = await all(followPages(read, { idOf: ({ id }) => id }));
      expect(pages.flatMap(({ items }) => items.map(({ id }) => id))).toEqual(made.toReversed());
      expect(pages).toHaveLength(Math.ceil(5 / pageSize));
      for (const { totalPages = pages.length, totalItems = 5 } of pages) {
        expect({ totalPages, totalItems }).toEqual({ totalPages: pages.length, totalItems: 5 });
      }
    }
  });

  test('removes many, and tells of each by itself whether it was there', async () => {
    const harness = current();
    const { id } = await readyAsset(harness);
    const outcomes = await harness.provider.assets.remove([harness.unknown.assetId, id], { force: false });
    expect(outcomes.map(wordOf)).toEqual(['ResourceGone', 'ok']);
    expect(await typeOf(harness.provider.assets.get(id))).toBe('ResourceGone');
  });

  if (offers.branches.length > 0) {
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
      for (const { kind, id: own, parent, words } of blocking) {
        expect(words).toBe(`${kind} ${own} in ${parent?.kind} ${parent?.id}`);
      }
      expect((await provider.assets.remove([id], { force: false })).map(wordOf)).toEqual(['BlockedByReferences']);
      expect((await provider.assets.remove([id], { force: true })).map(wordOf)).toEqual(['ok']);
    });
  }

  if (offers.marksAssets) {
    test('notes are merged, taken away by null, and refused of an asset that is gone', async () => {
      const harness = current();
      const { provider } = harness;
      const { id, metadata } = await readyAsset(harness);
      const outcomes = await provider.assets.annotate([
        { assetId: id, fields: { one: '1', two: '2' } },
        { assetId: harness.unknown.assetId, fields: { one: '1' } },
      ]);
      expect(outcomes.map(wordOf)).toEqual(['ok', 'ResourceGone']);
      await provider.assets.annotate([{ assetId: id, fields: { two: null, three: 3, four: true, five: ['a', 'b'] } }]);
      const fields = { one: '1', three: 3, four: true, five: ['a', 'b'] };
      expect((await provider.assets.get(id)).metadata).toEqual({ ...metadata, ...fields });
    });
  }

  test('watches many with one missing: only that one is gone, in no more requests than the traits say', async () => {
    const harness = current();
    const { provider, unknown } = harness;
    const [first, second] = [(await readyAsset(harness, 'a')).id, (await readyAsset(harness, 'b')).id];
    const atWork = await assetIdOf(harness, valueOf((await submitAll(harness, [submissionOf(harness, 'c')]))[0]));
    const handles = [first, unknown.assetId, second, atWork].map((one) => assetHandle(one));
    let requests = 0;
    const heard = await all(provider.watch(handles, { pace: async () => void requests++ }));
    const states = new Map(heard.map((one) => ('state' in one ? [one.handle.id, one.state] : ['', 'trouble'])));
    expect([first, second, unknown.assetId].map((id) => states.get(id))).toEqual(['ready', 'ready', 'gone']);
    expect(['ready', 'working']).toContain(states.get(atWork));
    expect(heard).toHaveLength(handles.length);
    expect(requests).toBeLessThanOrEqual(Math.ceil(handles.length / provider.traits.handlesPerWatch) + 1); // the missing one
  });

  test('trouble with one is told of that one, and the others are read', async () => {
    const harness = current();
    const { assetId: missing } = harness.unknown;
    const { id } = await readyAsset(harness);
    await harness.failNextReadOf(missing);
    const heard = await all(
      harness.provider.watch(
        [missing, id].map((one) => assetHandle(one)),
        { pace: async () => {} },
      ),
    );
    const troubles = heard.filter((one): one is ObservationTrouble => 'error' in one);
    expect(troubles.map(({ handles }) => handles.map((handle) => handle.id))).toEqual([[missing]]);
    expect(heard).toContainEqual(expect.objectContaining({ state: 'ready', handle: assetHandle(id) }));
  });

  test('a handle of a kind that the provider does not know is trouble for good, and the others are read', async () => {
    const harness = current();
    const { id } = await readyAsset(harness);
    const strange: Handle = { kind: 'of-another-release', id: 'x', words: 'Something x' };
    const heard = await all(harness.provider.watch([strange, assetHandle(id)], { pace: async () => {} }));
    const [trouble, ...others] = heard.filter((one): one is ObservationTrouble => 'error' in one);
    expect(others).toEqual([]);
    expect(trouble?.handles).toEqual([strange]);
    expect(trouble?.error).toMatchObject({
      ...{ type: 'InvalidRequest', nonRetryable: true },
      message: expect.stringContaining('of-another-release'),
    });
    expect(heard).toContainEqual(expect.objectContaining({ state: 'ready', handle: assetHandle(id) }));
  });
}
