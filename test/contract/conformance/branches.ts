import { joinedField, readTag, type BranchResource } from '../../../src/contracts/resource';
import type { BranchItem, ResultRecord } from '../../../src/providers/branch-kind';
import {
  all,
  readTagOf,
  readyAsset,
  tagOf,
  typeOf,
  valueOf,
  type BranchCase,
  type BranchName,
  type Current,
  type Harness,
  type Offers,
} from './harness';

async function itemOf({ media }: Harness, { branch }: BranchCase, assetId: string): Promise<BranchItem> {
  const { filename, fileType } = media;
  return { branch: await branch(), assetId, filename, fileType, name: filename, tag: tagOf('k') };
}

export function describeBranches(current: Current, { branches: kinds, marksAssets }: Offers): void {
  const started = async ({ type, effect }: BranchName) => {
    const one = current().branches.find((each) => each.type === type && each.effect === effect);
    const harness = { ...current(), media: one?.media ?? current().media };
    const kind = harness.provider.branches[one?.type ?? ''];
    if (!one || !kind) throw new Error(`the harness has no ${type} branch with the effect ${effect}`);
    const { id: assetId } = await readyAsset(harness);
    const item = await itemOf(harness, one, assetId);
    expect(kind.effect(item.branch)).toBe(effect);
    const before = (await kind.find?.(item)) ?? [];
    const start = valueOf((await kind.start([item]))[0]);
    await harness.settle();
    return { one, harness, kind, item, assetId, before, start };
  };

  test.each(kinds)('$effect, $type: what was started can be waited for, and is ready in the end', async (name) => {
    const { harness, start } = await started(name);
    if (!start.handle) return expect(start.records).toBeDefined();
    const heard = await all(harness.provider.watch([start.handle], { pace: async () => {} }));
    expect(heard).toMatchObject([{ handle: start.handle, state: 'ready' }]);
  });

  test.each(kinds.filter(({ effect }) => effect !== 'free'))(
    '$effect, $type: it is found after the start, and not before',
    async (name) => {
      const { kind, item, before, start } = await started(name);
      expect(before).toEqual([]);
      expect((await kind.find?.(item))?.map(({ id }) => id)).toEqual([start.id]);
    },
  );

  test.each(kinds.filter(({ effect }) => effect === 'create'))(
    '$effect, $type: it is found by its asset and by its tag, and removed once',
    async (name) => {
      const { kind, item, assetId, start } = await started(name);
      const [made, ...others] = (await kind.madeFrom?.({ assetId, tag: readTagOf('k') })) ?? [];
      expect(others).toEqual([]);
      const { runId: madeBy, onCancel } = item.tag;
      expect(made).toMatchObject({ id: start.id, assetId, branch: kind.type, madeBy, onCancel });
      expect(await kind.madeFrom?.({ assetId, tag: readTagOf('another') })).toEqual([]);
      const resource: BranchResource = { kind: '', branch: kind.type, assetId, ...made };
      const tagged = { ...resource, id: undefined, name: item.name, tag: item.tag };
      expect(await kind.tagged?.(tagged)).toEqual([{ id: start.id, madeBy: item.tag.runId }]);
      const remove = async () =>
        kind.remove?.({ ...resource, id: start.id ?? '' }, { force: false, own: new Set([assetId]) });
      expect(await remove()).toMatchObject({ result: 'deleted' });
      expect(await typeOf(remove())).toBe('ResourceGone');
      expect(await kind.find?.(item)).toEqual([]);
    },
  );

  test.each(kinds.filter(({ effect }) => effect === 'join' && marksAssets))(
    '$effect, $type: the note on the asset tells of it, and it can be left',
    async (name) => {
      const { one, harness, kind, item, assetId, start } = await started(name);
      const joined = one.joined?.(item.branch) ?? { in: '', id: 'the harness names none' };
      expect(start.id).toBe(joined.id);
      const { assets } = harness.provider;
      await assets.annotate([{ assetId, fields: joinedField({ ...joined, runId: item.tag.runId }) }]);
      const tag = readTag((await assets.get(assetId)).metadata);
      expect(tag?.joined).toEqual([{ ...joined, runId: item.tag.runId }]);
      const [made] = (tag && (await kind.madeFrom?.({ assetId, tag }))) ?? [];
      expect(made).toMatchObject({ id: start.id, in: joined.in, assetId });
      const resource: BranchResource = { kind: '', branch: kind.type, assetId, ...made };
      const removal = await kind.remove?.({ ...resource, id: joined.id }, { force: false, own: new Set([assetId]) });
      expect(removal).toMatchObject({ result: 'deleted' });
      expect(await kind.find?.(item)).toEqual([]);
    },
  );

  test.each(kinds.filter(({ effect }) => effect === 'free'))(
    '$effect, $type: its records come in the order in which the provider holds them, and again on asking again',
    async (name) => {
      const { one, kind, start } = await started(name);
      const { handle } = start;
      const expected = (await one.embeddings?.(start)) ?? [];
      expect(new Set(expected.map(String)).size).toBeGreaterThan(1); // of fewer no order could be seen
      const embeddings = async (records = none()) => (await all(records)).map(({ embedding }) => embedding);
      if (!handle) return expect(await embeddings(start.records)).toEqual(expected);
      expect(await embeddings(kind.records?.(handle))).toEqual(expected);
      expect(await embeddings(kind.records?.(handle))).toEqual(expected);
    },
  );

  test('one that cannot be started fails alone', async () => {
    const harness = current();
    const [one] = harness.branches;
    const kind = harness.provider.branches[one?.type ?? ''];
    if (!one || !kind) throw new Error('the harness has no branch');
    const { id } = await readyAsset(harness);
    const good = await itemOf(harness, one, id);
    const outcomes = await kind.start([{ ...good, assetId: harness.unknown.assetId }, good]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([false, true]);
  });
}

async function* none(): AsyncIterable<ResultRecord> {}
