import type { MarkedAsset, MarkStore } from '../../src/storage/results/mark-store';

const asset: MarkedAsset = { owner: 'o', provider: 'p', place: 'd', assetId: 'a' };
const listed = async (store: MarkStore, place: string): Promise<string[]> => {
  const ids: string[] = [];
  for await (const id of store.marked({ owner: 'o', provider: 'p', place })) ids.push(id);
  return ids.sort();
};

/** What every store of marks keeps. @param open the same store, as another process would open it */
export function markStorePromises(open: () => MarkStore): void {
  test('a mark is read as it was written, by every process', async () => {
    expect(await open().read(asset)).toBeUndefined();
    await open().change(asset, () => ({ over: 'r1', fields: { released: 'kept', gone: null } }));
    expect(await open().read(asset)).toEqual({ over: 'r1', fields: { released: 'kept', gone: null } });
  });

  test('a mark is of one asset, in one place, of one owner', async () => {
    const others = [{ assetId: 'b' }, { place: 'e' }, { owner: 'o2' }, { place: undefined }].map((change) => ({
      ...asset,
      ...change,
    }));
    await open().change(asset, () => ({ over: 'r1', fields: {} }));
    for (const other of others) expect(await open().read(other)).toBeUndefined();
  });

  test('a place lists its marked assets, whatever their ids are; a removed mark is gone', async () => {
    const store = open();
    const ids = ['a', '..', 'b/c d', 'ü'].sort();
    for (const assetId of ids) await store.change({ ...asset, assetId }, () => ({ over: 'r', fields: {} }));
    await store.change({ ...asset, place: 'e' }, () => ({ over: 'r', fields: {} }));
    expect(await listed(store, 'd')).toEqual(ids);
    await store.remove({ ...asset, assetId: '..' });
    await store.remove({ ...asset, assetId: '..' });
    expect(await listed(store, 'd')).toEqual(ids.filter((id) => id !== '..'));
    expect(await listed(store, 'nowhere')).toEqual([]);
  });

  test('a key stays in the place that it was first used in, until it is freed', async () => {
    const key = { owner: 'o', provider: 'p', key: `photos/${'ü'.repeat(150)}` };
    const places = await Promise.all(['d', 'd', 'd'].map((place) => open().placeOfKey(key, place)));
    expect(places).toEqual(['d', 'd', 'd']);
    expect(await open().placeOfKey(key, 'e')).toBe('d');
    expect(await open().placeOfKey({ ...key, owner: 'o2' }, 'e')).toBe('e');
    await open().freeKey(key, 'e');
    expect(await open().placeOfKey(key, 'e')).toBe('d');
    await open().freeKey(key, 'd');
    await open().freeKey(key, 'd');
    expect(await open().placeOfKey(key, 'e')).toBe('e');
  });

  test('what has left an upload session is noted by every process, and forgotten with the session', async () => {
    const notes = () => open().departures('p');
    expect(await notes().read('s/1')).toEqual(new Map());
    await notes().change('s/1', () => new Map([['a.png', true]]));
    const both = await notes().change('s/1', (before) => new Map([...before, ['..', false]]));
    expect(both).toEqual(new Map([['a.png', true], ['..', false]])); // prettier-ignore
    expect(await notes().read('s/1')).toEqual(both);
    expect(await notes().read('s')).toEqual(new Map());
    expect(await open().departures('another').read('s/1')).toEqual(new Map());
    await notes().forget('s/1');
    await notes().forget('s/1');
    expect(await notes().read('s/1')).toEqual(new Map());
  });

  test('what has left a session long ago is forgotten', async () => {
    const notes = open().departures('p');
    for (const id of ['s1', 's2']) await notes.change(id, () => new Map([['a.png', true]]));
    await notes.forgetBefore(Date.now() - 60_000);
    expect((await notes.read('s1')).size).toBe(1);
    await notes.forgetBefore(Date.now() + 60_000);
    expect([(await notes.read('s1')).size, (await notes.read('s2')).size]).toEqual([0, 0]);
  });

  test('the store has one id, whoever asks first', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, () => open().id()));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(await open().id()).toBe(ids[0]);
  });
}

/** Not on a server that looks at a condition and writes in two steps, as the posix backend of versitygw does. */
export function losesNoChange(open: () => MarkStore): void {
  test('no change is lost, however many processes write at once', async () => {
    const stores = Array.from({ length: 6 }, open);
    await Promise.all(
      stores.map((store, index) =>
        store.change(asset, (before) => ({ over: 'r1', fields: { ...before?.fields, [`by${index}`]: 'yes' } })),
      ),
    );
    const { fields } = (await open().read(asset)) ?? {};
    expect(Object.keys(fields ?? {}).sort()).toEqual(stores.map((_, index) => `by${index}`));
  });
}
